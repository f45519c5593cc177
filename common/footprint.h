/* SPDX-License-Identifier: MIT */
#ifndef COMMON_FOOTPRINT_H
#define COMMON_FOOTPRINT_H

/* What a process that runs for months keeps of the memory that it needed for a moment. */

/* At its start: large blocks (answers, what is read at once) are mappings of their own at all times, which go
 * back when they are freed, and of which only what was written counts. */
void footprint_init(void);

/* Gives back the heap that is free, and lets go of the pages of programs and libraries: those that are needed come
 * back from the page cache. The former is memory that the machine has again. The latter is not: such a page is
 * in the page cache, used or not, and the kernel could take it at any time; but what a process is said to use (RSS,
 * PSS) is then what it uses at rest, without what only its start has read. For a quiet moment after much work; takes
 * about a millisecond. */
void footprint_shrink(void);

#endif
