// SPDX-License-Identifier: MIT
/*
 * Reading and writing of baselines. The text is written anew under another name and put in place by a rename.
 */
#include "reader/baseline_file.h"
#include "format/crc32c.h"
#include "format/trouble.h"
#include "reader/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 2: what is drawn by lot is learned, too. */
#define HEAD_START "# ipctrace baseline "
#define HEAD_LINE  HEAD_START "2\n"
#define SUM_LINE   "# reference crc32c "

static int say(const char *path, int error)
{
	trouble_say("ipctrace baseline: %s: %s", path, strerror(error));
	return 2;
}

static char *reference_of(const char *path)
{
	char *reference;

	return asprintf(&reference, "%s.ipct", path) < 0 ? NULL : reference;
}

/* The checksum of a file; copies it to `to` when that is not -1. 0 or -errno. */
static int sum_file(const char *path, int to, uint32_t *sum)
{
	static char block[1 << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = 0;
	int rc = fd < 0 ? -errno : 0;

	crc32c_prepare();
	*sum = 0;
	while (!rc && (size = read(fd, block, sizeof(block))) > 0) {
		*sum = crc32c_update(*sum, block, (size_t)size);
		for (ssize_t at = 0, done; to >= 0 && !rc && at < size; at += done) {
			done = write(to, block + at, (size_t)(size - at));
			if (done < 0)
				rc = -errno;
		}
	}
	if (size < 0)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

static int copy_trace(const char *from, const char *to, uint32_t *sum)
{
	if (output_is_input(to, &from, 1))
		return sum_file(from, -1, sum);
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	int rc = sum_file(from, fd, sum);
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

static int write_file(const char *path, const struct text *text)
{
	struct stat there;
	char *other;
	int rc = 0;

	if (!stat(path, &there) && !S_ISREG(there.st_mode))
		return -ENOTSUP; /* a rename would put a file in the place of a device */
	if (text->failed || asprintf(&other, "%s.new", path) < 0)
		return -ENOMEM;
	FILE *file = fopen(other, "we");
	if (!file || fwrite(text->bytes, 1, text->size, file) != text->size)
		rc = -errno;
	if (file && fclose(file) && !rc)
		rc = -errno;
	if (!rc && rename(other, path))
		rc = -errno;
	free(other);
	return rc;
}

/* What the reference is, for people: its threads and how much each does. */
static void describe_run(const struct run *run, struct text *out)
{
	const struct canon *canon = &run->canon;

	text_format(out, "# %u calls of %u threads:\n", canon->tokens_count, canon->threads_count);
	for (uint32_t i = 0; i < canon->threads_count && i < 64; i++)
		text_format(out, "#   %s %s: %u calls\n", canon->threads[i].name, canon->threads[i].image,
			    canon->threads[i].tokens);
}

int baseline_write(const char *path, const char *trace, const struct run *run, const struct learned *learned)
{
	char *reference = reference_of(path);
	struct text text = {0};
	uint32_t sum = 0;
	int rc = reference ? copy_trace(trace, reference, &sum) : -ENOMEM;

	if (!rc) {
		text_put(&text, HEAD_LINE);
		text_format(&text, SUM_LINE "%08x\n", sum);
		text_format(&text,
			    "# learned from %u runs; what differs from the reference and fits a line below is no "
			    "difference\n",
			    learned->runs + 1);
		describe_run(run, &text);
		text_char(&text, '\n');
		learned_print(learned, "seen in", &text);
		rc = write_file(path, &text);
	}
	text_free(&text);
	free(reference);
	return rc ? say(path, -rc) : 0;
}

static int check_reference(struct baseline *baseline)
{
	FILE *file = fopen(baseline->path, "re");
	char line[256] = "";
	uint32_t wanted = 0, sum = 0;
	bool is_baseline = file && fgets(line, sizeof(line), file) && !strcmp(line, HEAD_LINE);
	bool is_other = file && !is_baseline && !strncmp(line, HEAD_START, strlen(HEAD_START));
	bool has_sum = is_baseline && fgets(line, sizeof(line), file) && sscanf(line, SUM_LINE "%x", &wanted) == 1;
	int rc = file ? 0 : -errno;

	if (file)
		fclose(file);
	if (rc)
		return say(baseline->path, -rc);
	if (is_other) {
		trouble_say("ipctrace baseline: %s: made by another version of ipctrace; learn it anew",
			    baseline->path);
		return 2;
	}
	if (!has_sum) {
		trouble_say("ipctrace baseline: %s: this is no baseline", baseline->path);
		return 2;
	}
	rc = sum_file(baseline->reference, -1, &sum);
	if (rc)
		return say(baseline->reference, -rc);
	if (sum != wanted) {
		trouble_say("ipctrace baseline: %s is not the trace that %s was learned with", baseline->reference,
			    baseline->path);
		return 2;
	}
	return 0;
}

int baseline_read(struct baseline *baseline, const char *path)
{
	char trouble[256] = "";
	int status, rc;

	*baseline = (struct baseline){.path = strdup(path), .reference = reference_of(path)};
	if (!baseline->path || !baseline->reference)
		return say(path, ENOMEM);
	status = check_reference(baseline);
	if (status)
		return status;
	rc = diff_rules_read(&baseline->rules, path, trouble, sizeof(trouble));
	if (rc)
		trouble_say("ipctrace baseline: %s: %s", path, rc > 0 ? trouble : strerror(-rc));
	return rc ? 2 : 0;
}

void baseline_free(struct baseline *baseline)
{
	diff_rules_free(&baseline->rules);
	free(baseline->path);
	free(baseline->reference);
	*baseline = (struct baseline){0};
}

int baseline_append(const char *path, const struct text *rules)
{
	FILE *file = fopen(path, "ae");
	int rc = 0;

	if (!file || fwrite(rules->bytes, 1, rules->size, file) != rules->size)
		rc = errno;
	if (file && fclose(file) && !rc)
		rc = errno;
	return rc ? say(path, rc) : 0;
}
