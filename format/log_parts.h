// SPDX-License-Identifier: MIT
/*
 * What the files that make up the reading and writing ends of a log share with each other, and nobody else includes.
 */
#ifndef IPCTRACE_FORMAT_LOG_PARTS_H
#define IPCTRACE_FORMAT_LOG_PARTS_H

#include "format/arena.h"
#include "format/log.h"
#include "format/pack_buffer.h"
#include "format/unpack.h"

/* Pack the object that names and describes a log; *hash is that of its catalogue. 0 or -ENOMEM. */
int log_head_pack(struct pack_buffer *out, const struct log_head *head, uint32_t *hash);

/*
 * Decode what follows the name of that object; texts go to `arena`, *catalogue views the packed catalogue, and
 * head->catalogue is left NULL. 0, LOG_E_FOREIGN or -ENOMEM.
 */
int log_head_unpack(struct unpack *in, struct arena *arena, struct log_head *head, struct unpack_view *catalogue);

/* The bytes of a log: a file read piece by piece (it may grow, shrink or fail meanwhile), or memory. */
struct log_source {
	int fd; /* -1: memory */
	const uint8_t *bytes;
	uint64_t size;
};

/* Read up to `size` bytes at `offset`; how many there were. */
size_t log_source_read(const struct log_source *source, uint64_t offset, void *bytes, size_t size);

/* One LZ4 frame: where it stands and what its head says. */
struct log_place {
	uint64_t offset, size;
	uint64_t content_size;
};

enum log_probe { PROBE_FRAME, PROBE_SKIPPABLE, PROBE_TORN, PROBE_FOREIGN };

/* What was read last of a log, all zero at first: what is looked at next mostly stands there. */
#define LOG_GLANCE 512u
struct log_glance {
	uint64_t offset;
	size_t size;
	uint8_t bytes[LOG_GLANCE];
};

/* What stands at `offset`: hops over the blocks of an LZ4 frame without decoding them. */
enum log_probe log_place_probe(const struct log_source *source, struct log_glance *glance, uint64_t offset,
			       struct log_place *place);

/* Whether what follows a frame is the end of the file or looks like another frame. */
bool log_place_is_followed(const struct log_source *source, struct log_glance *glance, const struct log_place *place);

/* The next offset at or after `offset` where a frame might begin; the size of the source when there is none. */
uint64_t log_place_search(const struct log_source *source, uint64_t offset);

/* What a frame owns. */
struct frame_memory {
	uint8_t *compressed, *content;
	size_t compressed_capacity, content_capacity;
	void *decompressor; /* LZ4F_dctx */
	struct arena arena;
};

/* Make *frame ready to be filled (again). 0 or -ENOMEM. */
int frame_prepare(struct frame **frame);

/* Read and decompress the frame at `place` into frame->memory->content. 0, LOG_E_DAMAGED (frame->damage) or -ENOMEM. */
int frame_load(struct frame *frame, const struct log_source *source, const struct log_place *place);

/* Decode the loaded content. 0 or LOG_E_DAMAGED (frame->damage), also when it needs more than LOG_DECODED_MAX. */
int frame_decode(struct frame *frame, const struct catalogue *catalogue);

/*
 * Decode the window at the beginning of a frame's content: number, the checksum of the log's catalogue, two anchors.
 * False when there is none.
 */
bool frame_window(struct frame *frame, struct unpack *in, uint32_t *catalogue_hash);

/* Reading the objects of one frame: `in` stands behind its window. */
struct frame_reader {
	struct unpack in;
	struct arena *arena;
	const struct catalogue *catalogue;
};

/* Decode them into `frame`. Mistakes and want of memory stick in reader->in. */
void frame_objects_read(struct frame_reader *reader, struct frame *frame);

/* Decode what follows the name of an "events" object. Mistakes and want of memory stick in `in`. */
void batch_unpack(struct unpack *in, struct arena *arena, const struct catalogue *catalogue, struct batch_view *view);

/* Pack the list of items that stand in `words` words at `at`, each with its head; they have been checked. */
void items_pack(msgpack_packer *out, const uint64_t *at, uint32_t words);

/* Decode such a list into `arena`. Mistakes and want of memory stick in `in`. */
struct batch_items items_unpack(struct unpack *in, struct arena *arena);

/* Where the frames of a log stand; see log_place.c. */
struct log_places {
	size_t count;		/* of frames */
	struct log_place *kept; /* those of every `stride`th frame */
	size_t room, stride;
	struct log_windows *windows; /* those of others, when they have been asked for */
};

struct log {
	struct log_source source;
	char *path;
	struct log_places places;
	uint64_t indexed; /* up to here everything is a frame or listed as damage */
	struct log_damage *damage;
	size_t damage_count, damage_capacity;
	uint64_t damage_further; /* that the last entry of a full list stands for, besides its own */
	struct log_head head;
	struct catalogue *catalogue_own; /* what the log brought along, NULL when this build's stands in */
	uint32_t catalogue_hash;
	struct arena arena;
};

/* Index from log->indexed on. 0 or -ENOMEM. */
int log_index(struct log *log);

/* What stands at one offset of a log. */
struct log_step {
	enum log_probe probe;
	bool is_good;		/* a frame, or one to be skipped, at `place`; else damage */
	struct log_place place; /* when it is good */
	uint64_t next;		/* where to go on */
};

/* What somebody who goes from step to step keeps; all zero at first. */
struct log_walk {
	struct log_glance glance;
	struct frame *scratch; /* to be freed at the end */
};

struct log_step log_step(const struct log *log, uint64_t offset, struct log_walk *walk);

/* `places` is all zero. 0 or -ENOMEM. */
int log_places_make(struct log_places *places);
void log_places_free(struct log_places *places);

/* Forget all frames. */
void log_places_clear(struct log_places *places);

/* The next frame of the log. 0 or -ENOMEM. */
int log_places_add(struct log_places *places, const struct log_place *place);

/*
 * Where frame `i` < log->places.count stands; from any thread. 0, -ENOMEM, or LOG_E_DAMAGED when it is no longer there:
 * somebody changed the file.
 */
int log_place_find(const struct log *log, size_t i, struct log_place *place);

/* Add to the list of damage; `why` is a format. 0 or -ENOMEM. */
int log_damage_add(struct log *log, enum log_damage_kind kind, uint64_t offset, uint64_t bytes, uint64_t missing,
		   const char *why, ...) __attribute__((format(printf, 6, 7)));

/* Note that this build's catalogue stands in for a lost one. 0 or -ENOMEM. */
int log_head_lost(struct log *log);

/* The checksum of the catalogue as packed: says whether two logs, or a log and this build, have the same one. */
uint32_t catalogue_hash(const void *packed, size_t size);

#endif
