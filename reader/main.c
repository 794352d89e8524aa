// SPDX-License-Identifier: MIT
/*
 * The command `ipctrace`: a table of subcommands, and the choice of one. What they do is in the files of their names.
 */
#include "reader/option.h"
#include "format/trouble.h"
#include "reader/command.h"
#include "reader/output.h"
#include "replay/perform.h"
#include "replay/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A command without a summary works but is not listed: it is for the tracer itself. */
struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{"record", "run a command and record its calls", command_record},
	{"print", "print the calls of a trace in order of time", command_print},
	{"report", "what a trace amounts to: by call, object, process and thread", command_report},
	{"diff", "what one run of a program did otherwise than another", command_diff},
	{"baseline", "learn what varies between good runs; check a run against it", command_baseline},
	{"replay", "run a trace again, show it at its pace, play its peers", command_replay},
	{"info", "what a trace is: host, clocks, processes, counts, losses", command_info},
	{"check", "verify a trace; repair a damaged one", command_check},
	{"ctl", "steer a trace that is running: stop, start, select, mark", command_ctl},
	{"export", "a trace as a file for Wireshark, SQL or a trace viewer", command_export},
	{"calls", "list the calls that are traced", command_calls},
	{"doctor", "what of a command will not be seen, and how to see it", command_doctor},
	{"env", "print the environment that traces a program without record", command_env},
	{"collect", NULL, command_collect},
	{"perform", NULL, command_perform},
};

#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))

static int print_overview(void)
{
	printf("Usage: ipctrace COMMAND [OPTION]... [ARGUMENT]...\n\n"
	       "Records the calls by which programs talk: sockets, vectored I/O, System V and POSIX IPC, mapped "
	       "memory.\n\n"
	       "Commands:\n");
	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		if (commands[i].summary)
			printf("  %-10s%s\n", commands[i].name, commands[i].summary);
	printf("\nOptions:\n"
	       "  -h, --help     print this help; ipctrace COMMAND --help that of a command\n"
	       "      --version  print the version\n"
	       "\nExample: ipctrace record -o echo.ipct -- ./echo-server 7777\n"
	       "         ipctrace print -y echo.ipct\n");
	return output_stdout();
}

static int print_version(void)
{
	printf("ipctrace %s\n", IPCTRACE_VERSION);
	return output_stdout();
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int say_unknown(const char *name)
{
	const struct command *near = NULL;
	unsigned best = ~0u;

	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		unsigned distance = word_distance(name, commands[i].name);
		if (commands[i].summary && distance < best && word_is_near(name, commands[i].name)) {
			best = distance;
			near = &commands[i];
		}
	}
	if (near)
		trouble_say("ipctrace: unknown command '%s'; did you mean '%s'?", name, near->name);
	else
		trouble_say("ipctrace: unknown command '%s'; see ipctrace --help", name);
	return 2;
}

int main(int argc, char **argv)
{
	const struct command *command;

	/* `help COMMAND` is `COMMAND --help` */
	if (argc > 2 && !strcmp(argv[1], "help") && (command = find_command(argv[2])))
		return command->run(2, (char *[]){argv[2], "--help", NULL});
	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return print_overview();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return print_version();
	command = find_command(argv[1]);
	return command ? command->run(argc - 1, argv + 1) : say_unknown(argv[1]);
}
