// SPDX-License-Identifier: MIT
/*
 * `ipctrace replay --peer`: runs an unmodified program against what its peers said when it was recorded.
 *
 * The program's stdout is its own; what we have to say goes to stderr.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer/protocol.h"
#include "format/trouble.h"
#include "reader/class.h"
#include "reader/launch.h"
#include "reader/library.h"
#include "replay/brood.h"
#include "replay/feeder.h"
#include "replay/pace.h"
#include "replay/replay.h"

/* A server that was asked to end has so long, ns. */
#define END_PATIENCE 5000000000ull

struct peer {
	const struct replay_options *options;
	struct trace *trace;
	struct conversations conversations;
	struct recorded_sysvs sysv;
	struct masks masks;
	struct feeder feeder;
	struct brood brood;
	bool was_asked_to_end; /* all its clients are done */
};

static volatile sig_atomic_t stopped;

static void handle_stop(int number)
{
	stopped = number;
}

static void signals_prepare(void)
{
	const struct sigaction stop = {.sa_handler = handle_stop}, ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* ---- before ------------------------------------------------------------------------------------------------- */

/* Positive after one line. */
static int masks_read(struct peer *peer)
{
	size_t processes;
	const struct trace_process *list = trace_processes(peer->trace, &processes);
	char trouble[160];
	int rc = masks_prepare(&peer->masks, trace_head(peer->trace)->created / 1000000000);

	for (size_t i = 0; !rc && i < processes; i++)
		rc = mask_add_pid(&peer->masks.numbers[MASKS_RECORDED], list[i].seen.pid);
	for (uint32_t i = 0; !rc && i < peer->options->masks_count; i++) {
		rc = masks_add(&peer->masks, peer->options->masks[i], trouble, sizeof(trouble));
		if (rc > 0)
			trouble_say("ipctrace replay: --mask %s: %s", peer->options->masks[i], trouble);
	}
	return rc;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* How many words two commands have in common; 0 when they are not of one program. */
static unsigned words_shared(const struct frame_process *process, char **command)
{
	unsigned shared = 0;

	if (!process->argc || strcmp(base_name(process->argv[0]), base_name(command[0])))
		return 0;
	for (uint32_t i = 0; i < process->argc && command[i]; i++)
		shared += !i || !strcmp(process->argv[i], command[i]);
	return shared;
}

/* A program that was recorded together with others is known by its words. 0: all of the trace is meant. */
static uint32_t program_find_recorded(const struct peer *peer)
{
	size_t count;
	const struct trace_process *list = trace_processes(peer->trace, &count);
	unsigned best = 0;
	uint32_t pid = 0;

	if (peer->options->choice.pids_count)
		return peer->options->choice.pids[0];
	for (size_t i = 0; peer->options->command && i < count; i++) {
		unsigned shared = words_shared(&list[i].seen, peer->options->command);
		pid = shared > best ? list[i].seen.pid : pid;
		best = shared > best ? shared : best;
	}
	return pid;
}

static bool is_anything_played(const struct peer *peer, char *reason, size_t size)
{
	uint32_t external = sysv_count(&peer->sysv);

	for (uint32_t i = 0; i < peer->conversations.count; i++)
		external += !peer->conversations.list[i].is_internal;
	snprintf(reason, size, "it has nobody who was not recorded as well: no connection, no System V object");
	return external != 0;
}

/* Positive after one line. */
static int conversations_prepare(struct peer *peer)
{
	int rc = conversations_read(&peer->conversations, peer->trace);
	uint32_t pid = program_find_recorded(peer);
	struct class_verdict trust;
	char reason[256];

	if (rc)
		return rc;
	class_judge_trust(&trust, peer->trace);
	if (trust.level < CLASS_PEER) {
		trouble_say("ipctrace: %s: the recorded peer cannot be played: %s", peer->options->trace,
			    trust.reasons[0].text);
		return 1;
	}
	if (!peer->options->peer_is_clients && pid)
		conversations_select(&peer->conversations, peer->trace, pid);
	if (peer->options->peer_is_clients && conversations_flip(&peer->conversations))
		return -ENOMEM;
	rc = sysv_read(&peer->sysv, peer->trace, pid);
	if (rc)
		return rc;
	if (!conversations_are_whole(&peer->conversations, reason, sizeof(reason)) ||
	    !sysv_is_whole(&peer->sysv, reason, sizeof(reason)) || !is_anything_played(peer, reason, sizeof(reason))) {
		trouble_say("ipctrace: %s: the recorded peer cannot be played: %s", peer->options->trace, reason);
		return 1;
	}
	return masks_read(peer);
}

/* The program, and `ipctrace record` around it when it is to be recorded. NULL without memory. */
static char **command_make(const struct replay_options *options)
{
	static char *const recorder[] = {"/proc/self/exe", "record", "-q", "-s", "1M", "-o"};
	size_t own = options->output ? sizeof(recorder) / sizeof(recorder[0]) + 2 : 0, count = 0;
	char **command;

	while (options->command[count])
		count++;
	command = calloc(own + count + 1, sizeof(*command));
	if (!command)
		return NULL;
	memcpy(command + own, options->command, count * sizeof(*command));
	if (own) {
		memcpy(command, recorder, sizeof(recorder));
		command[own - 2] = (char *)options->output;
		command[own - 1] = "--";
	}
	return command;
}

/* Positive after one line. */
static int program_start(struct peer *peer)
{
	char library[PATH_MAX], self[PATH_MAX];
	char **command;
	char *preload;
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int rc;

	if (size < 0 || library_find_peer(library, sizeof(library)))
		return 1;
	self[size] = '\0';
	command = command_make(peer->options);
	preload = library_preload(library, getenv("LD_PRELOAD"));
	if (!command || !preload)
		return -ENOMEM;
	if (peer->options->output)
		command[0] = self;
	setenv("LD_PRELOAD", preload, 1);
	setenv(PEER_VARIABLE, peer->feeder.address, 1);
	rc = brood_start(&peer->brood, command);
	if (rc > 0)
		trouble_say("ipctrace: cannot run '%s': %s", peer->options->command[0], strerror(rc));
	free(preload);
	free(command);
	return rc;
}

/* ---- meanwhile ---------------------------------------------------------------------------------------------- */

/* A server does not end by itself when its clients have gone. */
static void program_end(struct peer *peer)
{
	uint64_t until = pace_now() + END_PATIENCE;

	peer->was_asked_to_end = true;
	brood_signal(&peer->brood, SIGTERM);
	while (!brood_is_over(&peer->brood) && pace_now() < until && !stopped)
		if (feeder_step(&peer->feeder, peer->brood.end))
			break;
}

static int play(struct peer *peer)
{
	struct feeder *feeder = &peer->feeder;
	bool has_program = peer->options->command != NULL;
	int rc = 0;

	while (!rc && feeder->outcome == FEEDER_RUNNING) {
		rc = feeder_step(feeder, peer->brood.end);
		if (stopped)
			feeder->outcome = FEEDER_STOPPED;
		else if (has_program && brood_is_over(&peer->brood))
			feeder->outcome = FEEDER_DONE;
		else if (feeder->outcome == FEEDER_RUNNING && feeder_clients_are_done(feeder))
			break;
	}
	if (!rc && feeder->outcome == FEEDER_RUNNING && has_program)
		program_end(peer);
	if (feeder->outcome == FEEDER_RUNNING)
		feeder->outcome = FEEDER_DONE;
	feeder_finish(feeder);
	return rc;
}

/* ---- after -------------------------------------------------------------------------------------------------- */

static void tell_program(const struct peer *peer, struct text *out)
{
	int status = peer->brood.status;

	if (!peer->options->command)
		return;
	if (!peer->brood.is_over)
		text_put(out, "; the program did not end");
	else if (WIFSIGNALED(status))
		text_format(out, "; the program was ended by SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		text_format(out, "; the program exited with %d", WEXITSTATUS(status));
	if (peer->was_asked_to_end)
		text_put(out, " after its last client");
}

static void tell_waiting(const struct peer *peer)
{
	for (uint32_t i = 0; i < peer->conversations.count; i++) {
		const struct session *session = &peer->feeder.sessions[i];
		if (session->is_claimed && !session->is_over && !expectation_is_met(&session->expectation)) {
			trouble_say("ipctrace: nothing happens: %s: byte %" PRIu64
				    " of what the program sends is waited "
				    "for",
				    session->conversation->name, session->expectation.matched);
			return;
		}
	}
	trouble_say("ipctrace: nothing happens, and the record has nothing for the program to wait for");
}

/* "ipctrace: 3 of 3 conversations, 12 of 12 messages matched, 1 masked: same; the program exited with 0" */
static void tell_summary(const struct peer *peer)
{
	static const char *const words[] = {[FEEDER_DONE] = "same",
					    [FEEDER_DIVERGED] = "diverged",
					    [FEEDER_STALLED] = "incomplete",
					    [FEEDER_STOPPED] = "interrupted"};
	const struct feeder *feeder = &peer->feeder;
	uint32_t played = 0, all = 0, matched = 0, messages = 0, masked = 0;
	struct text out = {0};

	for (uint32_t i = 0; i < peer->conversations.count; i++) {
		const struct session *session = &feeder->sessions[i];
		if (session->conversation->is_internal)
			continue;
		all++;
		played += session->is_claimed;
		matched += session->expectation.messages - session->forgiven;
		masked += session->expectation.masked;
		messages += expectation_count(session->conversation);
	}
	for (uint32_t i = 0; i < peer->sysv.count; i++)
		for (uint32_t k = 0; k < peer->sysv.list[i].messages_count; k++)
			messages += !peer->sysv.list[i].messages[k].is_internal &&
				    !peer->sysv.list[i].messages[k].is_received;
	matched += feeder->sysv_matched;
	masked += feeder->sysv_masked;
	text_format(&out, "%u of %u conversations, %u of %u messages matched, %u masked: %s", played, all, matched,
		    messages, masked, words[feeder->outcome]);
	if (feeder->outcome == FEEDER_DIVERGED && feeder->divergences > 1)
		text_format(&out, " %u times", feeder->divergences);
	if (feeder->passed)
		text_format(&out, ", %" PRIu64 " connections to real peers", feeder->passed);
	tell_program(peer, &out);
	fprintf(stderr, "ipctrace: %s\n", text_string(&out));
	text_free(&out);
}

static int tell(const struct peer *peer)
{
	static const int statuses[] = {[FEEDER_DONE] = REPLAY_SAME,
				       [FEEDER_DIVERGED] = REPLAY_DIVERGED,
				       [FEEDER_STALLED] = REPLAY_INCOMPLETE,
				       [FEEDER_STOPPED] = REPLAY_INCOMPLETE};
	struct text story = peer->feeder.story;

	if (story.size)
		fprintf(stderr, "ipctrace: diverged at %s", text_string(&story));
	if (peer->feeder.outcome == FEEDER_STALLED)
		tell_waiting(peer);
	if (!peer->options->quiet)
		tell_summary(peer);
	return statuses[peer->feeder.outcome];
}

static int peer_run(struct peer *peer)
{
	const struct replay_options *options = peer->options;
	const struct feeder_settings settings = {.is_lenient = options->is_lenient,
						 .may_pass = options->may_pass,
						 .is_live = !options->command,
						 .patience = options->patience};
	int rc = conversations_prepare(peer);

	if (!rc)
		rc = feeder_open(&peer->feeder, &peer->conversations, &peer->masks, &settings);
	if (!rc && options->command)
		rc = feeder_sysv_prepare(&peer->feeder, &peer->sysv);
	if (!rc && options->command)
		rc = program_start(peer);
	if (!rc) {
		/* only now: the program is to have what we were started with */
		signals_prepare();
		launch_files_allow();
		rc = play(peer);
		brood_end(&peer->brood);
	}
	if (rc < 0)
		trouble_say("ipctrace: %s: %s", options->trace, strerror(-rc));
	return rc ? REPLAY_TROUBLE : tell(peer);
}

int replay_peer(struct replay_options *options)
{
	struct peer peer = {.options = options, .brood = {.end = -1}, .feeder = {.door = -1}};
	const struct trace_opening opening = {0};
	struct log_trouble trouble;
	int status;

	if (trace_open(&peer.trace, options->trace, &opening, &trouble)) {
		trouble_say("ipctrace: %s", trouble.text);
		return REPLAY_TROUBLE;
	}
	status = peer_run(&peer);
	feeder_free(&peer.feeder);
	conversations_free(&peer.conversations);
	sysv_free(&peer.sysv);
	masks_free(&peer.masks);
	trace_close(peer.trace);
	return status;
}
