// SPDX-License-Identifier: MIT
/*
 * Which calls are meant: the expressions of `-e`.
 *
 *   recv,send,%sysv          these calls, and the families named
 *   !recv,send  trace=!recv  all but these
 *   3CC,socket.send          what other tracers call these events: see format/foreign.h
 *   syscall::recv:entry      DTrace's name of a call
 *   sem*,syscall::*msg*      all that have such names; * and ? stand for others
 *   all  none                as they say
 *
 * `trace=` in front is optional. Families are those of the catalogue. This file must not know who filters what.
 */
#ifndef IPCTRACE_FORMAT_FILTER_H
#define IPCTRACE_FORMAT_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "format/catalogue.h"

enum { FILTER_E_UNKNOWN = 1 };

/*
 * Sets enabled[i] to 1 for every call that `text` selects, by its place in `catalogue`, and to 0 for all others;
 * `enabled` has catalogue->calls_count bytes. 0; or FILTER_E_UNKNOWN with what is wrong, and what may have been meant,
 * in `trouble` (`size` bytes), and `enabled` undefined.
 */
int filter_parse(const char *text, const struct catalogue *catalogue, uint8_t *enabled, char *trouble, size_t size);

#endif
