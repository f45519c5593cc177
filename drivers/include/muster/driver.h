/* SPDX-License-Identifier: MIT */
#ifndef MUSTER_DRIVER_H
#define MUSTER_DRIVER_H

#include "queue/driver.h"

/*
 * A driver for another store, as a plugin: a shared object NAME.so in a folder that Muster is told
 *
 *     [muster]
 *     driver_path = /usr/local/lib/muster-drivers
 *     [connection:main]
 *     driver = NAME
 *
 * or in Muster's own, LIBDIR/muster/drivers. `muster queue:drivers` lists what is found there, and
 * why something cannot be used. A plugin is one const table of functions, which queue/driver.h
 * describes, and
 *
 *     #include <muster/driver.h>
 *
 *     static const struct driver my_driver = {
 *         .abi = DRIVER_ABI,
 *         .size = sizeof(struct driver),
 *         .name = "NAME",
 *         .set_log = log_forward,
 *         …
 *     };
 *     MUSTER_DRIVER(my_driver);
 *
 *     cc -shared -fPIC $(pkg-config --cflags muster-driver) -o NAME.so my_driver.c $(pkg-config --libs muster-driver)
 *
 * The library has what the headers beside this one declare: jobs and their payloads, histories,
 * JSON, buffers, errors. It is linked into the plugin, which shares nothing with the program but the
 * structs of these headers: DRIVER_ABI tells their version, and a plugin of another one is refused.
 * The file and its folder must belong to root or to the user of the process, and be writable by
 * nobody else. A plugin is loaded once in a process, when a connection first uses it, and stays.
 *
 * Files and symbols that a plugin does not export are its own; it should be built with
 * -fvisibility=hidden.
 */
#define MUSTER_DRIVER(its_table)                                                                   \
    extern const struct driver *const muster_driver;                                               \
    __attribute__((visibility("default"))) const struct driver *const muster_driver = &(its_table)

#endif
