/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SETTINGS_DOCUMENT_H
#define COMMON_SETTINGS_DOCUMENT_H

#include "common/ini.h"
#include "common/settings.h"

/* Between the parts of settings: from a document (NULL: the defaults alone) to checked settings.
 * file is what settings->file becomes. A snapshot is complete: the environment is not looked at.
 * NULL with err on failure. */
struct settings *settings_from_document(const struct ini *ini, const char *file, bool is_snapshot,
                                        struct err *err);

/* Keeps a malloc'd text among the warnings. */
void settings_warn(struct settings *settings, char *text);

#define SETTINGS_SNAPSHOT_SECTION "snapshot"

#endif
