// SPDX-License-Identifier: MIT
/*
 * The catalogue as it stands in a log: a MessagePack map that any reader can use, and back.
 *
 * Kinds, item forms, directions, lengths and failures are spelled by name, so that their numbers may change between
 * builds; names that this build does not know become the plainest kind that shows the value (hexadecimal).
 */
#ifndef IPCTRACE_FORMAT_CATALOGUE_PACK_H
#define IPCTRACE_FORMAT_CATALOGUE_PACK_H

#include <stddef.h>
#include <msgpack.h>

#include "format/catalogue.h"

enum { CATALOGUE_E_INVALID = 1 };

/* 0 or -ENOMEM. */
int catalogue_pack(msgpack_packer *out, const struct catalogue *catalogue);

/*
 * Decode the map in `bytes`; *catalogue is one allocation to be freed with free(). CATALOGUE_E_INVALID when it does
 * not hold together or needs an unreasonable amount of memory, or -ENOMEM.
 */
int catalogue_unpack(struct catalogue **catalogue, const void *bytes, size_t size);

#endif
