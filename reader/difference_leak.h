// SPDX-License-Identifier: MIT
/*
 * Whether an edit leaves something behind: a descriptor, a System V object, a mapping. Looks only at what is ended and
 * made; what else such an edit is, is decided elsewhere.
 */
#ifndef IPCTRACE_READER_DIFFERENCE_LEAK_H
#define IPCTRACE_READER_DIFFERENCE_LEAK_H

#include "reader/diff_find.h"

/* An end that is missing of what was ended, or something new that nothing ends. `edit` is one of `edits`. */
bool edit_is_leak(const struct edit *edit, const struct edits *edits, const struct pairing *pairing);

#endif
