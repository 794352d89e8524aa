// SPDX-License-Identifier: MIT
/*
 * `ipctrace replay TRACE`: runs the recorded calls again. Compiles the trace into a score, lets players perform it on a
 * stage of its own, watches over them, and tells what it came to.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "reader/class.h"
#include "format/trouble.h"
#include "reader/line.h"
#include "reader/output.h"
#include "replay/brood.h"
#include "replay/compose.h"
#include "replay/judgement.h"
#include "replay/pace.h"
#include "replay/replay.h"
#include "replay/tally.h"
#include "replay/watchdog.h"

/* How often the players are looked at, ns. */
#define LOOK_EVERY 20000000
/* Calls that did not come to the same are shown, so many. */
#define SHOWN_MAX 20u

struct rerun {
	const struct replay_options *options;
	struct trace *trace;
	struct stage stage;
	struct score *score;
	int fd;
	struct tally tally;
	bool has_hung, was_stopped;
	char player[PATH_MAX];	  /* ourselves, by the name of what was recorded */
	char recording[PATH_MAX]; /* of the replay; "" when there is none */
};

static volatile sig_atomic_t stopped;

static void handle_stop(int number)
{
	stopped = number;
}

static void signals_prepare(void)
{
	const struct sigaction stop = {.sa_handler = handle_stop};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
}

/* ---- what may not be run again -------------------------------------------------------------------------------- */

static bool say_refused(const char *path, const char *why)
{
	trouble_say("ipctrace replay: cannot run '%s' again: %s", path, why);
	return false;
}

static bool is_admissible(const struct rerun *rerun)
{
	const struct log_head *head = trace_head(rerun->trace);
	struct class_verdict verdict = {0};

	class_judge_trust(&verdict, rerun->trace);
	if (verdict.level < CLASS_CALLS)
		return say_refused(rerun->options->trace, verdict.reasons[0].text);
	if (head->filter && *head->filter && strcmp(head->filter, "all"))
		return say_refused(rerun->options->trace, "it was recorded with -e: calls are missing");
	return true;
}

/* ---- performing ----------------------------------------------------------------------------------------------- */

static bool are_all_over(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void watch(struct rerun *rerun, struct brood *brood)
{
	const struct timespec every = {0, LOOK_EVERY};
	struct watchdog watchdog = {.patience = rerun->options->patience};

	while (!(brood_is_over(brood) && are_all_over())) {
		if (stopped) {
			rerun->was_stopped = true;
			return;
		}
		if (watchdog_barks(&watchdog, rerun->score)) {
			rerun->has_hung = true;
			return;
		}
		nanosleep(&every, NULL);
	}
}

static void say_hang(struct rerun *rerun)
{
	struct text text = {0};

	watchdog_print(rerun->score, &text);
	fprintf(stderr, "ipctrace replay: nothing has happened for %.3g s:\n%s", (double)rerun->options->patience / 1e9,
		text_string(&text));
	text_free(&text);
}

static void objects_remove(const struct rerun *rerun)
{
	const struct score *score = rerun->score;
	const int32_t *ids = SCORE_AT(score, ids, const int32_t);

	for (uint32_t i = 0; i < score->objects_count; i++) {
		uint8_t type = SCORE_AT(score, objects, const struct score_object)[i].type;
		if (ids[i] < 0)
			continue;
		if (type == OBJECT_MSGQ)
			msgctl(ids[i], IPC_RMID, NULL);
		else if (type == OBJECT_SEMSET)
			semctl(ids[i], 0, IPC_RMID);
		else if (type == OBJECT_SEGMENT)
			shmctl(ids[i], IPC_RMID, NULL);
	}
}

/* A player goes by the name of the program: that is how diff knows it. */
static void player_name(struct rerun *rerun)
{
	const struct log_head *head = trace_head(rerun->trace);
	const char *name = head->command_count ? head->command[0] : "program", *slash = strrchr(name, '/');
	char self[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

	name = slash && slash[1] ? slash + 1 : name;
	snprintf(rerun->player, sizeof(rerun->player), "%s/%.200s", rerun->stage.folder, name);
	self[size > 0 ? size : 0] = '\0';
	if (size <= 0 || symlink(self, rerun->player))
		strcpy(rerun->player, "/proc/self/exe");
}

static int perform(struct rerun *rerun)
{
	char number[16], limit[32];
	char *plain[] = {rerun->player, "perform", number, NULL};
	char *recorded[] = {"/proc/self/exe", "record",	 "-q",	 "-o", rerun->recording, "-s", limit, "--",
			    rerun->player,    "perform", number, NULL};
	struct brood brood;
	int rc;

	player_name(rerun);
	snprintf(limit, sizeof(limit), "%u", trace_head(rerun->trace)->payload_limit);
	memset(SCORE_AT(rerun->score, ids, int32_t), 0xff, rerun->score->objects_count * sizeof(int32_t));
	snprintf(number, sizeof(number), "%d", rerun->fd);
	signals_prepare();
	rc = brood_start(&brood, rerun->recording[0] ? recorded : plain);
	if (rc) {
		trouble_say("ipctrace replay: cannot start: %s", strerror(rc < 0 ? -rc : rc));
		return REPLAY_TROUBLE;
	}
	watch(rerun, &brood);
	if (rerun->has_hung)
		say_hang(rerun);
	brood_end(&brood);
	objects_remove(rerun);
	return 0;
}

/* ---- telling -------------------------------------------------------------------------------------------------- */

static int write_out(struct text *text, int fd)
{
	struct output output = {.fd = fd, .text = *text};
	int rc = output_flush(&output);

	output_free(&output);
	*text = (struct text){0};
	return rc;
}

/* Which act event number `order` became: marks by order, for those that differ. */
static int compare_orders(const void *a, const void *b, void *context)
{
	const struct score *score = context;
	uint32_t x = score_act(score, *(const uint32_t *)a)->order, y = score_act(score, *(const uint32_t *)b)->order;

	return x < y ? -1 : x > y;
}

/* The first acts that did not come to the same, by the order of the trace. */
static uint32_t differing(const struct rerun *rerun, uint32_t **acts)
{
	struct score *score = rerun->score;
	uint32_t count = 0;

	*acts = malloc((score->acts_count + 1ull) * sizeof(**acts));
	for (uint32_t i = 0; *acts && i < score->acts_count; i++)
		if (score_mark(score, i)->state >= MARK_OUTCOME)
			(*acts)[count++] = i;
	if (*acts)
		qsort_r(*acts, count, sizeof(**acts), compare_orders, score);
	return count < SHOWN_MAX ? count : SHOWN_MAX;
}

/* Their lines, as print writes them, with what became of them. */
static int differences_print(struct rerun *rerun, struct text *out)
{
	struct lines lines = {.trace = rerun->trace, .style = {.names = 2, .threads = true, .string_limit = 32}};
	struct trace_entry entry;
	uint32_t *acts, count = differing(rerun, &acts), at = 0, order = 0;
	int rc = count ? trace_rewind(rerun->trace) : 0;

	if (!rc && count)
		rc = identity_new(&lines.identities, trace_catalogue(rerun->trace));
	if (!rc && count)
		lines_begin(&lines);
	while (!rc && at < count && !(rc = trace_next(rerun->trace, &entry))) {
		rc = identity_feed(lines.identities, &entry);
		if (rc || entry.kind != TRACE_EVENT)
			continue;
		if (order++ == score_act(rerun->score, acts[at])->order) {
			text_put(out, "differs: ");
			line_print(&lines, &entry, out);
			if (out->size && out->bytes[out->size - 1] == '\n')
				out->size--;
			text_put(out, ": ");
			mark_print(score_act(rerun->score, acts[at]), score_mark(rerun->score, acts[at]), out);
			text_char(out, '\n');
			at++;
		}
	}
	if (lines.identities)
		lines_end(&lines);
	identity_free(lines.identities);
	free(acts);
	return rc < 0 ? rc : 0;
}

static int tell(struct rerun *rerun)
{
	struct text text = {0};
	int status = REPLAY_SAME;

	tally_make(&rerun->tally, rerun->score);
	if (rerun->has_hung || rerun->was_stopped || rerun->tally.missing)
		status = REPLAY_INCOMPLETE;
	else if (!tally_is_same(&rerun->tally))
		status = REPLAY_DIVERGED;
	if (rerun->options->json)
		tally_print_json(&rerun->tally, rerun->score, &text);
	else if (differences_print(rerun, &text))
		status = REPLAY_TROUBLE;
	else if (!rerun->options->quiet)
		tally_print(&rerun->tally, rerun->score, &text);
	return write_out(&text, STDOUT_FILENO) < 0 ? REPLAY_TROUBLE : status;
}

/*
 * Compares the record with the recording of the replay, by diff. Its status; but what is only played and came to
 * something else, which is left out there, is not the same. In a process of its own, which can be ended in the middle.
 */
static int verify(const struct rerun *rerun, int status)
{
	int ending = 0;
	pid_t child, ended;

	fflush(NULL);
	child = fork();
	if (!child)
		_exit(judgement_make(rerun->score, &rerun->stage, rerun->options->trace, rerun->recording));
	while ((ended = child < 0 ? -1 : waitpid(child, &ending, WNOHANG)) == 0) {
		if (stopped)
			kill(child, SIGKILL);
		nanosleep(&(struct timespec){0, LOOK_EVERY}, NULL);
	}
	if (ended > 0 && WIFEXITED(ending))
		return WEXITSTATUS(ending) ? WEXITSTATUS(ending) : status;
	if (ended < 0)
		trouble_say("ipctrace replay: cannot compare: %s", strerror(errno));
	else if (!stopped)
		trouble_say("ipctrace replay: diff was ended by signal %d", WTERMSIG(ending));
	return REPLAY_TROUBLE;
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

static int plan_print(struct rerun *rerun)
{
	struct text text = {0};

	tally_make(&rerun->tally, rerun->score);
	tally_print_plan(&rerun->tally, rerun->score, &rerun->stage, &text);
	return write_out(&text, STDOUT_FILENO) < 0 ? REPLAY_TROUBLE : REPLAY_SAME;
}

static int rerun_do(struct rerun *rerun)
{
	int rc = stage_enter(&rerun->stage, rerun->options->is_shared);

	if (!rc)
		rc = score_compose(&rerun->score, &rerun->fd, rerun->trace, &rerun->stage);
	if (rc == COMPOSE_E_EMPTY) {
		say_refused(rerun->options->trace, "it has no calls");
		return REPLAY_TROUBLE;
	}
	if (rc) {
		trouble_say("ipctrace replay: %s: %s", rerun->options->trace, strerror(-rc));
		return REPLAY_TROUBLE;
	}
	rerun->score->speed = rerun->options->speed;
	rerun->score->keeps_think = rerun->options->keeps_think;
	rerun->score->owner = getpid();
	if (rerun->options->is_dry)
		return plan_print(rerun);
	if (rerun->options->output)
		snprintf(rerun->recording, sizeof(rerun->recording), "%s", rerun->options->output);
	else if (rerun->options->verifies)
		snprintf(rerun->recording, sizeof(rerun->recording), "%s/replay.ipct", rerun->stage.folder);
	rc = perform(rerun);
	if (!rc)
		rc = tell(rerun);
	return rc != REPLAY_TROUBLE && rc != REPLAY_INCOMPLETE && rerun->options->verifies ? verify(rerun, rc) : rc;
}

int replay_again(struct replay_options *options)
{
	struct rerun rerun = {.options = options, .fd = -1};
	struct log_trouble trouble;
	int status = REPLAY_TROUBLE;

	if (trace_open(&rerun.trace, options->trace, NULL, &trouble)) {
		trouble_say("ipctrace replay: %s", trouble.text);
		return REPLAY_TROUBLE;
	}
	if (is_admissible(&rerun))
		status = rerun_do(&rerun);
	stage_leave(&rerun.stage);
	score_free(rerun.score, rerun.fd);
	trace_close(rerun.trace);
	if (rerun.was_stopped) {
		signal(stopped, SIG_DFL);
		raise(stopped);
	}
	return status;
}
