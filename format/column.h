// SPDX-License-Identifier: MIT
/*
 * A column of integers: [width, base, bytes, exceptions, order, unit], docs/format.md. Chooses the coding that takes
 * the least room, and decodes any.
 *
 * Values are 64-bit patterns; arithmetic is modulo 2^64, so signed and unsigned columns are coded alike.
 */
#ifndef IPCTRACE_FORMAT_COLUMN_H
#define IPCTRACE_FORMAT_COLUMN_H

#include <stdint.h>

#include "format/pack_buffer.h"
#include "format/unpack.h"

/* Pack `count` values. Failure sticks in `out`. */
void column_pack(struct pack_buffer *out, const uint64_t *values, uint32_t count);

/* Decode the next object of `in`, which must hold `count` values. Mistakes stick in `in`. */
void column_unpack(struct unpack *in, uint64_t *values, uint32_t count);

/* The same for indices below `limit`; others are mistakes. `scratch` has room for `count` values. */
void column_unpack_index(struct unpack *in, uint32_t *indices, uint32_t count, uint32_t limit, uint64_t *scratch);

#endif
