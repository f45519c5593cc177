/* SPDX-License-Identifier: MIT */
#include "common/footprint.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define LARGE_BLOCK (64 << 10)

void footprint_init(void)
{
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
}

/* Where nothing can be written, each page is as it stands in its file. */
static int forget_pages(struct dl_phdr_info *object, size_t size, void *context)
{
    (void)size, (void)context;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || part->p_flags & PF_W)
            continue;
        uintptr_t begin = (object->dlpi_addr + part->p_vaddr) & ~(page - 1);
        uintptr_t end = object->dlpi_addr + part->p_vaddr + part->p_filesz;
        madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}

void footprint_shrink(void)
{
    malloc_trim(0);
    dl_iterate_phdr(forget_pages, NULL);
}
