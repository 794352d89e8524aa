// SPDX-License-Identifier: MIT
/*
 * See library.h.
 */
#include "format/trouble.h"
#include "reader/library.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME	  "libipctrace-preload.so"
#define NAME_PEER "libipctrace-peer.so"

/* From the folder of the executable: the build tree, then what a prefix may look like. */
static const char *const places[] = {
	"preload/", "peer/", "../lib/ipctrace/", "../lib/x86_64-linux-gnu/ipctrace/", "../lib64/ipctrace/",
};

static bool path_resolve(const char *from, char *path, size_t size)
{
	char *resolved = realpath(from, NULL);
	bool found = resolved && strlen(resolved) < size && !access(resolved, R_OK);

	if (found)
		strcpy(path, resolved);
	free(resolved);
	return found;
}

static bool place_find(const char *name, char *path, size_t size)
{
	char self[PATH_MAX], candidate[PATH_MAX + 64];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (length < 0)
		return false;
	self[length] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		slash[1] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(candidate, sizeof(candidate), "%s%s%s", self, places[i], name);
		if (path_resolve(candidate, path, size))
			return true;
	}
	return false;
}

static int path_check(const char *path)
{
	if (path[strcspn(path, ": ")]) {
		trouble_say("ipctrace: LD_PRELOAD cannot name '%s': it has a colon or a space in it", path);
		return -1;
	}
	return 0;
}

int library_find(char *path, size_t size)
{
	const char *named = getenv("IPCTRACE_PRELOAD");

	if (named && *named) {
		if (!path_resolve(named, path, size)) {
			trouble_say("ipctrace: IPCTRACE_PRELOAD: cannot read '%s': %s", named, strerror(errno));
			return -1;
		}
	} else if (!place_find(NAME, path, size)) {
		trouble_say("ipctrace: cannot find %s; say in IPCTRACE_PRELOAD where it is", NAME);
		return -1;
	}
	return path_check(path);
}

int library_find_peer(char *path, size_t size)
{
	if (!place_find(NAME_PEER, path, size)) {
		trouble_say("ipctrace: cannot find %s beside ipctrace", NAME_PEER);
		return -1;
	}
	return path_check(path);
}

static bool list_has(const char *list, const char *word)
{
	size_t size = strlen(word);

	for (; *list; list += strcspn(list, ": "), list += strspn(list, ": "))
		if (strcspn(list, ": ") == size && !memcmp(list, word, size))
			return true;
	return false;
}

char *library_preload(const char *library, const char *before)
{
	char *value;

	if (!before || !*before || list_has(before, library))
		return strdup(before && *before ? before : library);
	return asprintf(&value, "%s:%s", library, before) < 0 ? NULL : value;
}
