// SPDX-License-Identifier: MIT
/*
 * See log_file.h.
 */
#include "trace/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "trace/clock.h"

int log_file_check(const char *path)
{
	struct stat status;
	char target[sizeof("/proc/") - 1];

	if (lstat(path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISLNK(status.st_mode)) {
		/* /dev/stdout leads to a regular file as well, when that is where standard output goes */
		if (readlink(path, target, sizeof(target)) == sizeof(target) &&
		    !memcmp(target, "/proc/", sizeof(target)))
			return -ENOTSUP;
		if (stat(path, &status))
			return errno == ENOENT ? 0 : -errno;
	}
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	return S_ISREG(status.st_mode) ? 0 : -ENOTSUP;
}

const char *log_file_trouble(int error)
{
	return error == -ENOTSUP ? "it is no regular file" : strerror(-error);
}

int log_file_create(const char *path)
{
	int rc = log_file_check(path), fd;

	if (rc)
		return rc;
	/* a new file, not the old one cut: somebody may be reading that */
	if (unlink(path) && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : -errno;
}

static const char *read_boot_id(void)
{
	static char id[64];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t size = fd >= 0 ? read(fd, id, sizeof(id) - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (size <= 0)
		return NULL;
	id[size] = '\0';
	id[strcspn(id, "\n")] = '\0';
	return id;
}

static const char *const redacted[] = {NULL, "hashes", "bytes", "bytes and hashes"};

struct log_head log_file_head(const struct trace_settings *settings, const struct catalogue *catalogue,
			      const char *tool_version, char *const *command)
{
	static struct utsname names;
	static char directory[PATH_MAX];
	bool is_tsc = tsc_is_steady();
	struct log_head head = {
		.tool_version = tool_version,
		.created = anchor_read(is_tsc).realtime,
		.command = (const char *const *)command,
		.directory = getcwd(directory, sizeof(directory)),
		.boot_id = read_boot_id(),
		.clock_is_tsc = is_tsc,
		.filter = settings->filter,
		.payload_limit = settings->payload_limit,
		.stack_depth = settings->stack_depth,
		.full_policy = settings->full_policy,
		.redact = redacted[settings->redaction],
		.catalogue = catalogue,
	};

	while (command && command[head.command_count])
		head.command_count++;
	if (!uname(&names)) {
		head.host = names.nodename;
		head.kernel = names.release;
		head.machine = names.machine;
	}
	return head;
}
