// SPDX-License-Identifier: MIT
/*
 * Chooses events. Each question is asked only when it was put.
 */
#include "reader/choice.h"
#include "format/filter.h"
#include "reader/json.h"
#include "reader/value.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

int choice_set_calls(void *settings, const char *value)
{
	((struct choice *)settings)->calls = value;
	return 0;
}

int choice_set_pid(void *settings, const char *value)
{
	struct choice *choice = settings;
	uint32_t *pids = reallocarray(choice->pids, choice->pids_count + 1, sizeof(*pids));
	unsigned long pid;
	char *end;

	if (!pids)
		return -ENOMEM;
	choice->pids = pids;
	errno = 0;
	pid = strtoul(value, &end, 10);
	if (!*value || *end || errno || value[0] == '-' || pid > INT_MAX)
		return 1;
	choice->pids[choice->pids_count++] = (uint32_t)pid;
	return 0;
}

int choice_set_path(void *settings, const char *value)
{
	struct choice *choice = settings;
	const char **paths = reallocarray(choice->paths, choice->paths_count + 1, sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	choice->paths = paths;
	choice->paths[choice->paths_count++] = value;
	return 0;
}

int choice_set_successful(void *settings, const char *value)
{
	((struct choice *)settings)->only_successful = true;
	return 0;
}

int choice_set_failed(void *settings, const char *value)
{
	((struct choice *)settings)->only_failed = true;
	return 0;
}

int choice_prepare(struct choice *choice, const struct catalogue *catalogue, char *trouble, size_t size)
{
	if (!choice->calls)
		return 0;
	choice->enabled = calloc(catalogue->calls_count + 1, 1);
	if (!choice->enabled)
		return -ENOMEM;
	return filter_parse(choice->calls, catalogue, choice->enabled, trouble, size);
}

static bool wants_pid(const struct choice *choice, const struct event *event)
{
	uint32_t pid, tid;

	event_caller(event, &pid, &tid);
	for (size_t i = 0; i < choice->pids_count; i++)
		if (choice->pids[i] == pid || choice->pids[i] == tid)
			return true;
	return false;
}

static bool is_path(const struct choice *choice, const void *bytes, size_t size)
{
	for (size_t i = 0; i < choice->paths_count; i++)
		if (strlen(choice->paths[i]) == size && !memcmp(choice->paths[i], bytes, size))
			return true;
	return false;
}

static bool is_path_item(const struct choice *choice, const struct event_item *item)
{
	struct socket_address address;

	if (item->form == ITEM_STRING)
		return is_path(choice, item->bytes, item->size);
	if (item->form != ITEM_ADDRESS && item->form != ITEM_PEER && item->form != ITEM_LOCAL)
		return false;
	socket_address_read(&address, item->bytes, item->size);
	return address.path_size && is_path(choice, address.path, address.path_size);
}

/* An object's label is what follows its role: "/path", or " -> /path". What is no path is a pattern for its name. */
static bool is_path_object(const struct choice *choice, struct object *object)
{
	const char *label = object && object->label ? object->label : "";

	label += strspn(label, " ->");
	if (!object || is_path(choice, label, strlen(label)))
		return object != NULL;
	for (size_t i = 0; i < choice->paths_count; i++)
		if (choice->paths[i][0] != '/' && !fnmatch(choice->paths[i], object_name(object), 0))
			return true;
	return false;
}

static bool is_of_thing(enum kind kind)
{
	static const bool kinds[KIND_COUNT] = {
		[KIND_FD] = true,    [KIND_MQD] = true,	  [KIND_ADDRESS] = true, [KIND_MSQID] = true,
		[KIND_SEMID] = true, [KIND_SHMID] = true, [KIND_SEM] = true};

	return kind < KIND_COUNT && kinds[kind];
}

/* One of those that a call such as socketpair() put into an array. */
static bool is_made(const struct choice *choice, const struct event *event, struct identities *identities)
{
	int32_t fd;

	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		if (item->form != ITEM_RAW || item->arg >= event->call->argc ||
		    event->call->args[item->arg].value.kind != KIND_FD)
			continue;
		for (uint32_t at = 0; at + sizeof(fd) <= item->size; at += sizeof(fd)) {
			memcpy(&fd, item->bytes + at, sizeof(fd));
			if (is_path_object(choice, identity_made(identities, fd)))
				return true;
		}
	}
	return is_path_object(choice, identity_result(identities));
}

static bool wants_path(const struct choice *choice, const struct event *event, struct identities *identities)
{
	for (uint32_t i = 0; i < event->items_count; i++)
		if (is_path_item(choice, &event->items[i]))
			return true;
	for (unsigned i = 0; identities && i < event->call->argc; i++) {
		struct value_spec value = value_of_arg(event, i);
		if (!is_of_thing(value.kind))
			continue;
		if (is_path_object(choice, identity_object(identities, identity_event_pid(event), value.kind,
							   value_word(&value, event->args[i]))))
			return true;
	}
	return identities && is_made(choice, event, identities);
}

bool choice_wants(const struct choice *choice, const struct event *event, struct identities *identities)
{
	if (choice->enabled && !choice->enabled[event->call - event->catalogue->calls])
		return false;
	if (choice->only_successful && (event->error || event->outcome != OUTCOME_RETURNED))
		return false;
	if (choice->only_failed && !event->error)
		return false;
	if (choice->pids_count && !wants_pid(choice, event))
		return false;
	return !choice->paths_count || wants_path(choice, event, identities);
}

void choice_free(struct choice *choice)
{
	free(choice->pids);
	free(choice->paths);
	free(choice->enabled);
	*choice = (struct choice){0};
}
