// SPDX-License-Identifier: MIT
/*
 * Opens logs and reads their frames. The index is in log_index.c, the full check in log_check.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/catalogue_pack.h"
#include "format/crc32c.h"
#include "format/log_parts.h"

static int __attribute__((format(printf, 4, 5)))
log_trouble(const struct log *log, struct log_trouble *trouble, int code, const char *what, ...)
{
	char text[sizeof(trouble->text) / 2];
	va_list arguments;

	va_start(arguments, what);
	vsnprintf(text, sizeof(text), what, arguments);
	va_end(arguments);
	/* the end of a long path says more than its beginning */
	const char *path = log->path ? log->path : "(memory)";
	size_t length = strlen(path), room = sizeof(trouble->text) - sizeof(text) - 4;
	snprintf(trouble->text, sizeof(trouble->text), "%s%s: %s", length > room ? "..." : "",
		 length > room ? path + length - room : path, text);
	return code;
}

uint32_t catalogue_hash(const void *packed, size_t size)
{
	crc32c_prepare();
	return crc32c_update(0, packed, size);
}

/* Use this build's catalogue when it is the one that the frames were written with. */
static int head_replace(struct log *log, const struct frame *frame, uint32_t hash)
{
	struct pack_buffer packed;

	pack_buffer_init(&packed, LOG_FRAME_MAX);
	int error = catalogue_pack(&packed.packer, &catalogue_builtin);
	bool is_same = !error && catalogue_hash(packed.bytes, packed.size) == hash;
	pack_buffer_free(&packed);
	if (error)
		return error;
	if (!is_same)
		return LOG_E_FOREIGN;
	log->head = (struct log_head){.format = LOG_FORMAT,
				      .clock_is_tsc = frame->before.ticks != frame->before.monotonic,
				      .catalogue = &catalogue_builtin};
	return log_head_lost(log);
}

int log_head_lost(struct log *log)
{
	return log_damage_add(log, LOG_DAMAGE_HEAD, 0, 0, 0,
			      "the first frame is lost; calls are named after this build's catalogue");
}

/* Decode the head object that `in` stands before, if it does. */
static int head_read(struct log *log, struct unpack *in, struct log_trouble *trouble)
{
	struct unpack_view catalogue;

	unpack_array_of(in, 2);
	if (!unpack_view_is(unpack_view(in), "ipctrace"))
		return LOG_E_FOREIGN;
	int error = log_head_unpack(in, &log->arena, &log->head, &catalogue);
	if (error < 0)
		return error;
	if (log->head.format > LOG_FORMAT)
		return log_trouble(log, trouble, LOG_E_NEWER, "written in format %u, this ipctrace reads up to %u",
				   log->head.format, LOG_FORMAT);
	if (error)
		return log_trouble(log, trouble, error, "the log's head makes no sense");
	error = catalogue_unpack(&log->catalogue_own, catalogue.bytes, catalogue.size);
	if (error < 0)
		return error;
	log->head.catalogue = log->catalogue_own;
	return error ? log_trouble(log, trouble, LOG_E_FOREIGN, "the log's catalogue of calls makes no sense") : 0;
}

/* Load frame `i`. 0, LOG_E_DAMAGED with (*frame)->damage, or -ENOMEM. */
static int frame_find(const struct log *log, size_t i, struct frame **frame)
{
	struct log_place place;
	int error = frame_prepare(frame);

	if (error)
		return error;
	error = log_place_find(log, i, &place);
	if (error == LOG_E_DAMAGED)
		snprintf((*frame)->damage, sizeof((*frame)->damage), "it is no longer where it was");
	return error ? error : frame_load(*frame, &log->source, &place);
}

/* Find the first frame that can be read, and the head in it. */
static int log_read_head(struct log *log, struct log_trouble *trouble)
{
	struct frame *frame = NULL;
	struct unpack in;
	int error = LOG_E_FOREIGN;
	bool readable = false;

	for (size_t i = 0; i < log->places.count && !readable; i++) {
		error = frame_find(log, i, &frame);
		if (error < 0)
			break;
		readable = !error && frame_window(frame, &in, &log->catalogue_hash);
	}
	if (!readable) {
		frame_free(frame);
		if (error < 0)
			return error;
		bool torn = log->damage_count && log->damage[0].kind == LOG_DAMAGE_TORN;
		return log_trouble(log, trouble, LOG_E_FOREIGN, "%s",
				   torn ? "the file ends inside its first frame"
					: "not an ipctrace log, or none of it can be read");
	}
	trouble->text[0] = 0;
	error = head_read(log, &in, trouble);
	if (error == LOG_E_FOREIGN && !trouble->text[0]) {
		error = head_replace(log, frame, log->catalogue_hash);
		if (error == LOG_E_FOREIGN)
			log_trouble(log, trouble, error, "the first frame is lost, and with it the catalogue of calls");
	}
	frame_free(frame);
	return error;
}

static int log_start(struct log *log, struct log_trouble *trouble)
{
	if (!log->source.size)
		return log_trouble(log, trouble, LOG_E_EMPTY, "the file is empty");
	int error = log_index(log);
	if (!error)
		error = log_read_head(log, trouble);
	if (error < 0)
		log_trouble(log, trouble, error, "%s", strerror(-error));
	return error;
}

static int log_new(struct log **log, const char *path, struct log_trouble *trouble)
{
	struct log *made = calloc(1, sizeof(*made));

	if (made && path)
		made->path = strdup(path);
	if (!made || (path && !made->path) || log_places_make(&made->places)) {
		if (made)
			free(made->path);
		free(made);
		snprintf(trouble->text, sizeof(trouble->text), "out of memory");
		return -ENOMEM;
	}
	made->arena.budget = LOG_FRAME_MAX;
	made->source.fd = -1;
	*log = made;
	return 0;
}

static int log_open_file(struct log *log, struct log_trouble *trouble)
{
	struct stat status;

	log->source.fd = open(log->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (log->source.fd < 0 || fstat(log->source.fd, &status)) {
		int error = -errno;
		return log_trouble(log, trouble, error, "%s", strerror(-error));
	}
	if (!S_ISREG(status.st_mode))
		return log_trouble(log, trouble, LOG_E_FOREIGN, "not a regular file");
	log->source.size = (uint64_t)status.st_size;
	return log_start(log, trouble);
}

int log_open(const char *path, struct log **log, struct log_trouble *trouble)
{
	struct log *made;
	int error = log_new(&made, path, trouble);

	if (error)
		return error;
	error = log_open_file(made, trouble);
	if (error)
		log_close(made);
	else
		*log = made;
	return error;
}

int log_open_memory(const void *bytes, size_t size, struct log **log, struct log_trouble *trouble)
{
	struct log *made;
	int error = log_new(&made, NULL, trouble);

	if (error)
		return error;
	made->source.bytes = bytes;
	made->source.size = size;
	error = log_start(made, trouble);
	if (error)
		log_close(made);
	else
		*log = made;
	return error;
}

void log_close(struct log *log)
{
	if (!log)
		return;
	if (log->source.fd >= 0)
		close(log->source.fd);
	arena_free(&log->arena);
	free(log->catalogue_own);
	log_places_free(&log->places);
	free(log->damage);
	free(log->path);
	free(log);
}

int log_refresh(struct log *log)
{
	struct stat status;
	size_t before = log->places.count;

	if (log->source.fd < 0)
		return LOG_E_SAME;
	if (fstat(log->source.fd, &status))
		return -errno;
	log->source.size = (uint64_t)status.st_size;
	int error = log_index(log);
	if (error)
		return error;
	return log->places.count == before ? LOG_E_SAME : 0;
}

size_t log_frames(const struct log *log)
{
	return log->places.count;
}

const struct log_head *log_head(const struct log *log)
{
	return &log->head;
}

const struct catalogue *log_catalogue(const struct log *log)
{
	return log->head.catalogue;
}

uint64_t log_size(const struct log *log)
{
	return log->source.size;
}

const struct log_damage *log_damage(const struct log *log, size_t *count)
{
	*count = log->damage_count;
	return log->damage;
}

int log_frame_read(const struct log *log, size_t i, struct frame **frame)
{
	struct unpack in;
	uint32_t hash;

	int error = frame_find(log, i, frame);
	if (error)
		return error;
	if (frame_window(*frame, &in, &hash) && hash != log->catalogue_hash) {
		snprintf((*frame)->damage, sizeof((*frame)->damage), "it belongs to another log");
		return LOG_E_DAMAGED;
	}
	return frame_decode(*frame, log->head.catalogue);
}
