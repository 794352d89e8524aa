// SPDX-License-Identifier: MIT
/*
 * Writes what the fuzz targets start from: real encodings, one folder a target below the folder given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "format/catalogue_pack.h"
#include "format/log_parts.h"
#include "tests/format/sample_log.h"
#include "tests/format/tape.h"

static void seed_write(const char *root, const char *target, size_t number, const void *bytes, size_t size)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", root, target);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/%zu", root, target, number);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) {
		perror(path);
		exit(1);
	}
}

static void frames_write(const char *root, const void *bytes, size_t size)
{
	struct log_trouble trouble;
	struct frame *frame = NULL;
	struct log *log;

	if (log_open_memory(bytes, size, &log, &trouble))
		exit(1);
	for (size_t i = 0; i < log_frames(log); i++) {
		if (log_frame_read(log, i, &frame))
			exit(1);
		seed_write(root, "frame", i, frame->memory->content, frame->content_size);
	}
	frame_free(frame);
	log_close(log);
}

static void records_write(const char *root)
{
	struct tape tape = {.random = 42};

	for (uint32_t call = 0; call < 8; call++) {
		tape.used = 0;
		tape_random_call(&tape, call);
		seed_write(root, "record", call, tape.words, tape.used * 8);
	}
	tape_free(&tape);
}

int main(int argc, char **argv)
{
	const void *bytes;
	size_t size;
	struct log_writer *writer = sample_log(&bytes, &size);
	struct pack_buffer packed;

	pack_buffer_init(&packed, LOG_FRAME_MAX);
	if (argc != 2 || !writer || catalogue_pack(&packed.packer, &catalogue_builtin)) {
		fprintf(stderr, "usage: make_seeds FOLDER\n");
		return 1;
	}
	mkdir(argv[1], 0777);
	seed_write(argv[1], "log", 0, bytes, size);
	seed_write(argv[1], "catalogue", 0, packed.bytes, packed.size);
	frames_write(argv[1], bytes, size);
	records_write(argv[1]);
	pack_buffer_free(&packed);
	log_writer_free(writer);
	return 0;
}
