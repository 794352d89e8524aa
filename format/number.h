// SPDX-License-Identifier: MIT
/*
 * Numbers as people write them on command lines and into the environment. Must not print: callers know what they are
 * of.
 */
#ifndef IPCTRACE_FORMAT_NUMBER_H
#define IPCTRACE_FORMAT_NUMBER_H

#include <stdint.h>

/*
 * A number with an optional K, M or G (of 1024) behind it, from `min` to `max`. 0; 1 when `value` is not that, and
 * *number then means nothing.
 */
int number_parse(const char *value, uint64_t min, uint64_t max, uint64_t *number);

#endif
