// SPDX-License-Identifier: MIT
/*
 * Any bytes as the content of a frame, read by a command: what prints, names and adds up events meets whatever a frame
 * can hold.
 *
 * The input: a byte of which command, then the frame's content. Before it stands a frame with the catalogue. What the
 * commands say is not looked at, and there is much of it: -close_fd_mask=3.
 */
#include <lz4frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reader/command.h"
#include "tests/format/sample_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct way {
	int (*command)(int argc, char **argv);
	const char *words[6];
} ways[] = {
	{command_print, {"print", "-y", "-ttt", "-T", "-r"}},
	{command_print, {"print", "--json", "-k"}},
	{command_print, {"print", "-y", "-s", "8", "-t"}},
	{command_report, {"report", "--all"}},
	{command_report, {"report", "--json"}},
	{command_info, {"info"}},
	{command_info, {"info", "--json"}},
	{command_check, {"check"}},
};

static char path[64];
static const void *head; /* a frame that has nothing but the catalogue */
static size_t head_size;

static void begin(void)
{
	snprintf(path, sizeof(path), "/dev/shm/fuzz-print-%d", (int)getpid());
	const struct log_anchor anchor = {1, 2, 3};
	static struct log_writer *writer; /* owns the head, as long as we live */
	if (log_writer_open_memory(&writer, &sample_head) || log_writer_flush(writer, &anchor, &anchor))
		abort();
	head = log_writer_memory(writer, &head_size);
}

static void file_write(const uint8_t *content, size_t size)
{
	LZ4F_preferences_t how = {
		.frameInfo = {.contentSize = size, .contentChecksumFlag = LZ4F_contentChecksumEnabled}};
	size_t room = LZ4F_compressFrameBound(size, &how);
	uint8_t *frame = malloc(room);
	FILE *file = fopen(path, "wb");

	if (!frame || !file)
		abort();
	size_t made = LZ4F_compressFrame(frame, room, content, size, &how);
	if (LZ4F_isError(made) || fwrite(head, 1, head_size, file) != head_size ||
	    fwrite(frame, 1, made, file) != made || fclose(file))
		abort();
	free(frame);
}

static int command_run(const struct way *way)
{
	char *argv[8] = {0};
	int argc = 0, status;

	while (argc < 6 && way->words[argc]) {
		argv[argc] = (char *)way->words[argc];
		argc++;
	}
	argv[argc++] = path;
	status = way->command(argc, argv);
	fflush(stdout);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	int status;

	if (!size)
		return 0;
	if (!path[0])
		begin();
	file_write(bytes + 1, size - 1);
	status = command_run(&ways[bytes[0] % (sizeof(ways) / sizeof(ways[0]))]);
	unlink(path);
	if (status < 0 || status > 4)
		abort();
	return 0;
}
