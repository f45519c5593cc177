/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_SOCKET_KEYS_H
#define COMMON_PROGRAM_SOCKET_KEYS_H

/* Rows of the table of [program:x]: its listening sockets. AT is the table's. */
#define PROGRAM_SOCKET_KEYS                                                                        \
    {.name = "sockets",                                                                            \
     .type = KEY_SOCKETS,                                                                          \
     AT(process.sockets),                                                                          \
     .fallback = "",                                                                               \
     .reload = RELOAD_WORKERS,                                                                     \
     .help =                                                                                       \
         "Sockets that musterd listens at for it: descriptors 3, 4 … with LISTEN_FDS, as from "  \
         "systemd. They stay open while it is started again."},                                    \
    {                                                                                              \
        .name = "socket_activation", .type = KEY_BOOLEAN, AT(program.socket_activation),           \
        .fallback = "false", .reload = RELOAD_NONE,                                                \
        .help = "It is started by the first connection to one of its sockets, and again when it "  \
                "has ended. autostart is then false unless it is set."                             \
    }

#endif
