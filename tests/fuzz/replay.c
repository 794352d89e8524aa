// SPDX-License-Identifier: MIT
/*
 * A fuzz target without its fuzzer: replay FOLDER... gives it what fuzzing has found worth keeping, one file after the
 * other. What is wrong ends the program, as under the fuzzer; the last file named is the one.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Of exactly its size, so that a read behind the end is seen by whoever looks for such. */
static void file_replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	long size = file && !fseek(file, 0, SEEK_END) ? ftell(file) : -1;
	uint8_t *bytes = size >= 0 ? malloc(size ? (size_t)size : 1) : NULL;

	if (!bytes || fseek(file, 0, SEEK_SET) || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
		perror(path);
		exit(2);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, (size_t)size);
	free(bytes);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static unsigned folder_replay(const char *folder, FILE *told)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_visible, versionsort);

	if (count < 0) {
		perror(folder);
		exit(2);
	}
	for (int i = 0; i < count; i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		fprintf(told, "%s\n", path);
		fflush(told);
		file_replay(path);
		free(entries[i]);
	}
	free(entries);
	return (unsigned)count;
}

int main(int argc, char **argv)
{
	FILE *told = fdopen(dup(STDOUT_FILENO), "w");
	unsigned count = 0;

	/* what the targets themselves print is not looked at */
	if (!told || !freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
		return 2;
	for (int i = 1; i < argc; i++)
		count += folder_replay(argv[i], told);
	fprintf(told, "%u inputs\n", count);
	fclose(told);
	return count ? 0 : 2;
}
