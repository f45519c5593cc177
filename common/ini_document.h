/* SPDX-License-Identifier: MIT */
#ifndef COMMON_INI_DOCUMENT_H
#define COMMON_INI_DOCUMENT_H

#include "common/ini.h"

/* How a document is filled: between ini.c, which has the document, and ini_reader.c, which reads
 * texts. */

/* Keeps a malloc'd string as long as the document, and returns it. */
const char *ini_own(struct ini *ini, char *text);

/* Finds the section of this name, or appends it. Sets *index; sections move when others are
 * appended. Returns 0, or -1 with err past INI_SECTIONS_MAX. */
int ini_open_section(struct ini *ini, const char *name, const char *file, int line, size_t *index,
                     struct err *err);

/* Sets a key in a section, over what it was. All strings are owned by the document already. Returns
 * 0, or -1 with err past INI_KEYS_MAX. */
int ini_put(struct ini *ini, size_t section, const struct ini_key *key, struct err *err);

/* Reads one text into the document. file is owned by the document. Returns 0, or -1 with err. */
int ini_read_text(struct ini *ini, const char *file, const char *text, size_t length,
                  struct err *err);

#endif
