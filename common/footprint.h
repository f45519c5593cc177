/* SPDX-License-Identifier: MIT */
#ifndef COMMON_FOOTPRINT_H
#define COMMON_FOOTPRINT_H

/* What a process that runs for months keeps of the memory that it needed for a moment. */

/* At its start: large blocks (answers, what is read at once) are mappings of their own at all times, which go
 * back when they are freed, and of which only what was written counts. */
void footprint_init(void);

/* Gives back what is free, and the pages of programs and libraries that were read: those that are needed come
 * back from the page cache. For a quiet moment after much work; takes about a millisecond. */
void footprint_shrink(void);

#endif
