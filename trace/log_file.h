// SPDX-License-Identifier: MIT
/*
 * The file of a log as its collector makes it, and what the log's head says of the machine.
 */
#ifndef IPCTRACE_TRACE_LOG_FILE_H
#define IPCTRACE_TRACE_LOG_FILE_H

#include "format/log_head.h"
#include "trace/settings.h"

/*
 * Whether a log can be written to `path` as far as can be told beforehand. 0 or -errno (-EISDIR, -ENOTSUP: special).
 */
int log_file_check(const char *path);

/* What a negative result of the two means. */
const char *log_file_trouble(int error);

/*
 * Creates `path` with mode 0600; a regular file of this name is replaced, and so is a symbolic link to one or to
 * nothing. A link to a device, a folder or into /proc stays, and is special. The descriptor, or -errno.
 */
int log_file_create(const char *path);

/* The head of a log of `command` (NULL-terminated, may be NULL). Texts live as long as the process. */
struct log_head log_file_head(const struct trace_settings *settings, const struct catalogue *catalogue,
			      const char *tool_version, char *const *command);

#endif
