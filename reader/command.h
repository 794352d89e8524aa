// SPDX-License-Identifier: MIT
/*
 * The subcommands of `ipctrace`. Each gets its own name as argv[0] and returns the status to exit with: 0 well, 2 wrong
 * usage or trouble, and what its help says beside these. Each lives in the file of its name.
 */
#ifndef IPCTRACE_READER_COMMAND_H
#define IPCTRACE_READER_COMMAND_H

int command_record(int argc, char **argv);
int command_print(int argc, char **argv);
int command_report(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_baseline(int argc, char **argv);
int command_info(int argc, char **argv);
int command_check(int argc, char **argv);
int command_export(int argc, char **argv);
int command_calls(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_ctl(int argc, char **argv);
int command_env(int argc, char **argv);
int command_collect(int argc, char **argv);

#endif
