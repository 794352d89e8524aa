// SPDX-License-Identifier: MIT
/*
 * Replacing the image, and spawning: the new one is followed. An exec that works never returns, so its record is
 * written before it is tried, and published when it fails; else it is found where the image has left it.
 */
#include <spawn.h>
#include <stdarg.h>
#include <unistd.h>

#include "events.h"
#include "originals.h"
#include "preload/capture.h"
#include "preload/environment.h"
#include "preload/image.h"

#define DEPART(event, argc)       \
	struct capture_held held; \
	capture_depart(&capture, &held, event, argc, __builtin_return_address(0))
#define WORD(value) ((uint64_t)(uintptr_t)(value))

EXPORT int execve(const char *pathname, char *const argv[], char *const envp[])
{
	struct capture capture = {.args = {WORD(pathname), WORD(argv)}};
	ENVIRONMENT_FOLLOWED(followed, envp);

	DEPART(EVENT_execve, 2);
	int result = real_execve(pathname, argv, followed);
	capture_stay(&capture, &held, result);
	return result;
}

EXPORT int execveat(int dirfd, const char *pathname, char *const argv[], char *const envp[], int flags)
{
	struct capture capture = {.args = {(uint64_t)dirfd, WORD(pathname), WORD(argv), (uint64_t)flags}};
	ENVIRONMENT_FOLLOWED(followed, envp);

	DEPART(EVENT_execveat, 4);
	int result = real_execveat(dirfd, pathname, argv, followed, flags);
	capture_stay(&capture, &held, result);
	return result;
}

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	struct capture capture = {.args = {(uint64_t)fd, WORD(argv)}};
	ENVIRONMENT_FOLLOWED(followed, envp);

	DEPART(EVENT_fexecve, 2);
	int result = real_fexecve(fd, argv, envp ? followed : NULL); /* which it refuses */
	capture_stay(&capture, &held, result);
	return result;
}

EXPORT int execv(const char *pathname, char *const argv[])
{
	struct capture capture = {.args = {WORD(pathname), WORD(argv)}};
	ENVIRONMENT_FOLLOWED(followed, environ);

	DEPART(EVENT_execv, 2);
	int result = real_execve(pathname, argv, followed);
	capture_stay(&capture, &held, result);
	return result;
}

EXPORT int execvp(const char *file, char *const argv[])
{
	struct capture capture = {.args = {WORD(file), WORD(argv)}};
	ENVIRONMENT_FOLLOWED(followed, environ);

	DEPART(EVENT_execvp, 2);
	int result = real_execvpe(file, argv, followed);
	capture_stay(&capture, &held, result);
	return result;
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	struct capture capture = {.args = {WORD(file), WORD(argv)}};
	ENVIRONMENT_FOLLOWED(followed, envp);

	DEPART(EVENT_execvpe, 2);
	int result = real_execvpe(file, argv, followed);
	capture_stay(&capture, &held, result);
	return result;
}

/*
 * The variadic forms' arguments as a vector in this frame; `more` is left behind their NULL. libc declares the first
 * one as never NULL, which callers do not know: volatile keeps the compiler from believing it.
 */
#define VECTOR_COLLECT(argv, first, more)                             \
	const char *volatile argv##_first = first;                    \
	size_t count = 1;                                             \
	va_start(more, first);                                        \
	while (argv##_first && va_arg(more, char *))                  \
		count++;                                              \
	va_end(more);                                                 \
	char **argv = __builtin_alloca((count + 1) * sizeof(char *)); \
	va_start(more, first);                                        \
	argv[0] = (char *)(uintptr_t)argv##_first;                    \
	for (size_t i = 1; argv##_first && i <= count; i++)           \
	argv[i] = va_arg(more, char *)

EXPORT int execl(const char *pathname, const char *arg, ...)
{
	va_list more;
	VECTOR_COLLECT(argv, arg, more);
	va_end(more);
	struct capture capture = {.args = {WORD(pathname), WORD(argv)}};
	ENVIRONMENT_FOLLOWED(followed, environ);

	DEPART(EVENT_execl, 2);
	int result = real_execve(pathname, argv, followed);
	capture_stay(&capture, &held, result);
	return result;
}

EXPORT int execlp(const char *file, const char *arg, ...)
{
	va_list more;
	VECTOR_COLLECT(argv, arg, more);
	va_end(more);
	struct capture capture = {.args = {WORD(file), WORD(argv)}};
	ENVIRONMENT_FOLLOWED(followed, environ);

	DEPART(EVENT_execlp, 2);
	int result = real_execvpe(file, argv, followed);
	capture_stay(&capture, &held, result);
	return result;
}

EXPORT int execle(const char *pathname, const char *arg, ...)
{
	va_list more;
	VECTOR_COLLECT(argv, arg, more);
	char *const *envp = va_arg(more, char *const *);
	va_end(more);
	struct capture capture = {.args = {WORD(pathname), WORD(argv)}};
	ENVIRONMENT_FOLLOWED(followed, envp);

	DEPART(EVENT_execle, 2);
	int result = real_execve(pathname, argv, followed);
	capture_stay(&capture, &held, result);
	return result;
}

typedef int (*spawn_function)(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
			      const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);

static int spawn_traced(spawn_function original, unsigned event, void *site, pid_t *pid, const char *path,
			const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
			char *const argv[], char *const envp[])
{
	struct capture capture;
	ENVIRONMENT_FOLLOWED(followed, envp);

	if (!CAPTURE_ENABLED(event))
		return original(pid, path, actions, attributes, argv, followed);
	capture.args[0] = WORD(pid);
	capture.args[1] = WORD(path);
	capture.args[2] = WORD(actions);
	capture.args[3] = WORD(attributes);
	capture.args[4] = WORD(argv);
	capture_enter(&capture, event, 5, site);
	int result = original(pid, path, actions, attributes, argv, followed);
	capture_leave(&capture, result);
	return result;
}

#define SPAWN(symbol, event)                                                                                           \
	EXPORT int symbol(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,                     \
			  const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])                 \
	{                                                                                                              \
		return spawn_traced(real_##symbol, event, __builtin_return_address(0), pid, path, actions, attributes, \
				    argv, envp);                                                                       \
	}

SPAWN(posix_spawn_at_GLIBC_2_15, EVENT_posix_spawn)
SPAWN(posix_spawn_at_GLIBC_2_2_5, EVENT_posix_spawn)
SPAWN(posix_spawnp_at_GLIBC_2_15, EVENT_posix_spawnp)
SPAWN(posix_spawnp_at_GLIBC_2_2_5, EVENT_posix_spawnp)
VERSIONED_posix_spawn_at_GLIBC_2_15;
VERSIONED_posix_spawn_at_GLIBC_2_2_5;
VERSIONED_posix_spawnp_at_GLIBC_2_15;
VERSIONED_posix_spawnp_at_GLIBC_2_2_5;

static void exit_note(unsigned event, int status, void *site)
{
	struct capture capture = {.args = {(uint64_t)status}};

	if (!CAPTURE_ENABLED(event))
		return;
	capture_enter(&capture, event, 1, site);
	capture_finish(&capture, 0, 0, OUTCOME_DEPARTED);
}

#define EXIT(symbol, event)                                            \
	EXPORT void symbol(int status)                                 \
	{                                                              \
		exit_note(event, status, __builtin_return_address(0)); \
		real_##symbol(status);                                 \
		__builtin_unreachable();                               \
	}

EXIT(exit, EVENT_exit)
EXIT(_exit, EVENT__exit)
EXIT(_Exit, EVENT__exit)
EXIT(quick_exit_at_GLIBC_2_24, EVENT_quick_exit)
EXIT(quick_exit_at_GLIBC_2_10, EVENT_quick_exit)
VERSIONED_quick_exit_at_GLIBC_2_24;
VERSIONED_quick_exit_at_GLIBC_2_10;
