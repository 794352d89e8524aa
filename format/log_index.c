// SPDX-License-Identifier: MIT
/*
 * Goes through the frames of a log and lists what stands between them: damage.
 *
 * Frames are not decompressed here, except one that nothing sensible follows: then its own length may be what is
 * wrong, and it is believed only when its checksum agrees.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/log_parts.h"

/* Places of damage that are listed, 10 MiB; the last stands for all further ones. */
#define DAMAGE_MAX 65536u

/* Room for one more. 0 or -ENOMEM. */
static int damage_reserve(struct log *log)
{
	if (log->damage_count < log->damage_capacity)
		return 0;
	size_t capacity = log->damage_capacity ? 2 * log->damage_capacity : 16;
	struct log_damage *grown = realloc(log->damage, capacity * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	log->damage = grown;
	log->damage_capacity = capacity;
	return 0;
}

/* The list is full: its last entry counts what follows. */
static void damage_count_further(struct log *log, uint64_t bytes, uint64_t missing)
{
	struct log_damage *last = &log->damage[DAMAGE_MAX - 1];

	last->bytes += bytes;
	last->missing += missing;
	log->damage_further++;
	snprintf(last->why, sizeof(last->why), "%llu damaged places from here on are not listed",
		 (unsigned long long)log->damage_further + 1);
}

int log_damage_add(struct log *log, enum log_damage_kind kind, uint64_t offset, uint64_t bytes, uint64_t missing,
		   const char *why, ...)
{
	va_list arguments;

	if (log->damage_count == DAMAGE_MAX) {
		damage_count_further(log, bytes, missing);
		return 0;
	}
	log->damage_further = 0;
	if (damage_reserve(log))
		return -ENOMEM;
	struct log_damage *damage = &log->damage[log->damage_count++];
	*damage = (struct log_damage){.kind = kind, .offset = offset, .bytes = bytes, .missing = missing};
	va_start(arguments, why);
	vsnprintf(damage->why, sizeof(damage->why), why, arguments);
	va_end(arguments);
	return 0;
}

/* Whether the frame's checksum agrees; *scratch is kept for the next one. */
static bool place_is_whole(const struct log *log, const struct log_place *place, struct frame **scratch)
{
	return !frame_prepare(scratch) && !frame_load(*scratch, &log->source, place);
}

struct log_step log_step(const struct log *log, uint64_t offset, struct log_walk *walk)
{
	struct log_step step;

	step.probe = log_place_probe(&log->source, &walk->glance, offset, &step.place);
	step.is_good = step.probe == PROBE_SKIPPABLE ||
		       (step.probe == PROBE_FRAME && (log_place_is_followed(&log->source, &walk->glance, &step.place) ||
						      place_is_whole(log, &step.place, &walk->scratch)));
	step.next = step.is_good ? offset + step.place.size : log_place_search(&log->source, offset + 1);
	return step;
}

/* List what stands from log->indexed to the next frame, and go there; to the end of the file for good or for now. */
static int damage_skip(struct log *log, const struct log_step *step)
{
	uint64_t start = log->indexed;
	enum log_damage_kind kind = LOG_DAMAGE_FOREIGN;
	const char *why = "these bytes are no frame";
	bool at_end = step->next == log->source.size;

	if (step->probe == PROBE_TORN && at_end) {
		kind = LOG_DAMAGE_TORN;
		why = "the file ends inside a frame";
	} else if (step->probe != PROBE_FOREIGN) {
		kind = LOG_DAMAGE_CORRUPT;
		why = "the frame is damaged";
	}
	if (!at_end)
		log->indexed = step->next;
	return log_damage_add(log, kind, start, step->next - start, 0, "%s", why);
}

int log_index(struct log *log)
{
	struct log_walk walk = {.scratch = NULL};
	bool at_end = false;
	int error = 0;

	/* what was behind the last whole frame may have become one */
	while (log->damage_count && log->damage[log->damage_count - 1].offset >= log->indexed)
		log->damage_count--;
	while (!error && !at_end && log->indexed < log->source.size) {
		struct log_step step = log_step(log, log->indexed, &walk);
		if (!step.is_good) {
			at_end = step.next == log->source.size;
			error = damage_skip(log, &step);
			continue;
		}
		if (step.probe == PROBE_FRAME)
			error = log_places_add(&log->places, &step.place);
		log->indexed = step.next;
	}
	frame_free(walk.scratch);
	return error;
}
