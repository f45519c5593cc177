/* SPDX-License-Identifier: MIT */
#include "common/shared_object.h"

#include <dlfcn.h>
#include <stddef.h>

const void *shared_object_entry(const char *path, const char *symbol, struct err *err)
{
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object) {
        err_set(err, ERR_INVALID, "cannot load the plugin: %s", dlerror());
        return NULL;
    }
    const void *entry = dlsym(object, symbol);
    if (!entry)
        err_set(err, ERR_INVALID, "%s has no %s", path, symbol);
    return entry;
}
