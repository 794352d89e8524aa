// SPDX-License-Identifier: MIT
/*
 * What values look like as text and as JSON, kind by kind.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "reader/json.h"
#include "reader/value.h"
#include "tests/reader/event_maker.h"

static struct made_event made;

static void args_are(const char *text, const char *json)
{
	const struct value_style style = {.string_limit = UINT32_MAX};
	struct text written = {0};

	value_print_args(&written, &made.event, &style);
	cr_expect(eq(str, (char *)text_string(&written), (char *)text));
	written.size = 0;
	json_print_args(&written, &made.event);
	cr_expect(eq(str, (char *)text_string(&written), (char *)json));
	text_free(&written);
}

static void result_is(const char *text, const char *json)
{
	const struct value_style style = {0};
	struct text written = {0};

	value_print_result(&written, &made.event, &style);
	cr_expect(eq(str, (char *)text_string(&written), (char *)text));
	written.size = 0;
	json_print_result(&written, &made.event);
	cr_expect(eq(str, (char *)text_string(&written), (char *)json));
	text_free(&written);
}

Test(value, payload_is_escaped_and_cut_with_dots)
{
	event_make(&made, "recv", 300);
	event_arg(&made, "fd", 7);
	event_arg(&made, "buf", 0x1000);
	event_arg(&made, "len", 16384);
	event_arg(&made, "flags", MSG_PEEK | MSG_DONTWAIT);
	event_add(&made, "buf", ITEM_PAYLOAD, 0,
		  "PING\r\n\0"
		  "1\"\xff",
		  10, 300);
	args_are("7, \"PING\\r\\n\\0001\\\"\\377\"..., 16384, MSG_PEEK|MSG_DONTWAIT",
		 "{\"fd\":7,\"buf\":{\"length\":300,\"hash\":\"00000000\",\"bytes\":"
		 "\"PING\\r\\n\\u00001\\\"\\u00ff\"},"
		 "\"len\":16384,\"flags\":[\"MSG_PEEK\",\"MSG_DONTWAIT\"]}");
}

Test(value, a_pointer_that_was_not_followed_is_an_address)
{
	event_make(&made, "recv", -1);
	made.event.error = EBADF;
	event_arg(&made, "fd", (uint64_t)-1);
	event_arg(&made, "buf", 0x7ffe10);
	args_are("-1, 0x7ffe10, 0, 0", "{\"fd\":-1,\"buf\":\"0x7ffe10\",\"len\":0,\"flags\":[]}");
	event_arg(&made, "buf", 0);
	args_are("-1, NULL, 0, 0", "{\"fd\":-1,\"buf\":null,\"len\":0,\"flags\":[]}");
	result_is("-1 EBADF (Bad file descriptor)", "-1");
}

Test(value, bits_without_a_name_are_hexadecimal)
{
	event_make(&made, "recv", 0);
	event_arg(&made, "flags", MSG_OOB | 1u << 31);
	args_are("0, NULL, 0, MSG_OOB|0x80000000",
		 "{\"fd\":0,\"buf\":null,\"len\":0,\"flags\":[\"MSG_OOB\",\"0x80000000\"]}");
}

Test(value, fields_among_flags_are_one_of_their_values)
{
	event_make(&made, "socket", 3);
	event_arg(&made, "domain", AF_INET);
	event_arg(&made, "type", SOCK_DGRAM | SOCK_CLOEXEC);
	event_arg(&made, "protocol", 0);
	const struct value_style style = {0};
	struct text written = {0};
	value_print_arg(&written, &made.event, 1, &style);
	cr_expect(eq(str, (char *)text_string(&written), "SOCK_DGRAM|SOCK_CLOEXEC"));
	text_free(&written);
}

Test(value, permissions_among_flags_are_octal)
{
	event_make(&made, "semget", 4);
	event_arg(&made, "key", 0x1234);
	event_arg(&made, "nsems", 2);
	event_arg(&made, "semflg", IPC_CREAT | 0640);
	args_are("0x1234, 2, IPC_CREAT|0640", "{\"key\":4660,\"nsems\":2,\"semflg\":[\"IPC_CREAT\",\"0640\"]}");
	event_arg(&made, "key", IPC_PRIVATE);
	event_arg(&made, "semflg", 0);
	args_are("IPC_PRIVATE, 2, 0", "{\"key\":0,\"nsems\":2,\"semflg\":[]}");
}

Test(value, optional_arguments_that_were_not_given_are_left_out)
{
	event_make(&made, "open", 3);
	event_arg(&made, "pathname", 0x1000);
	event_add(&made, "pathname", ITEM_STRING, 0, "/tmp/\303\244", 7, 7);
	args_are("\"/tmp/\\303\\244\", O_RDONLY", "{\"pathname\":\"/tmp/\\u00c3\\u00a4\",\"flags\":[\"O_RDONLY\"]}");
	event_arg(&made, "flags", O_RDWR | O_CREAT);
	event_arg(&made, "mode", 0644);
	args_are("\"/tmp/\\303\\244\", O_RDWR|O_CREAT, 0644",
		 "{\"pathname\":\"/tmp/\\u00c3\\u00a4\",\"flags\":[\"O_RDWR\",\"O_CREAT\"],\"mode\":420}");
}

static void status_is(uint32_t status, const char *text, const char *json)
{
	char expected[128];

	event_make(&made, "wait", 7);
	event_arg(&made, "wstatus", 0x1000);
	event_add(&made, "wstatus", ITEM_RAW, 0, &status, 4, 4);
	snprintf(expected, sizeof(expected), "{\"wstatus\":%s}", json);
	args_are(text, expected);
}

Test(value, statuses_say_how_a_child_ended)
{
	status_is(0, "[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]", "{\"exited\":0}");
	status_is(0x300, "[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]", "{\"exited\":3}");
	status_is(9, "[{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}]", "{\"signal\":\"SIGKILL\"}");
	status_is(0x86, "[{WIFSIGNALED(s) && WTERMSIG(s) == SIGABRT && WCOREDUMP(s)}]",
		  "{\"signal\":\"SIGABRT\",\"core\":true}");
	status_is(40, "[{WIFSIGNALED(s) && WTERMSIG(s) == 40}]", "{\"signal\":40}");
}

Test(value, statuses_say_how_a_child_stopped_and_went_on)
{
	status_is(0x137f, "[{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}]", "{\"stopped\":\"SIGSTOP\"}");
	status_is(0x3057f, "[{WIFSTOPPED(s) && WSTOPSIG(s) == SIGTRAP} | 0x30000]",
		  "{\"stopped\":\"SIGTRAP\",\"rest\":\"0x30000\"}");
	status_is(0xffff, "[{WIFCONTINUED(s)}]", "{\"continued\":true}");
}

Test(value, what_is_no_status_is_hexadecimal)
{
	status_is(0x12ff, "[0x12ff]", "\"0x12ff\"");
	status_is(0x380, "[{WIFEXITED(s) && WEXITSTATUS(s) == 3} | 0x80]", "{\"exited\":3,\"rest\":\"0x80\"}");
}

static void address_is(const void *bytes, size_t size, const char *text, const char *json)
{
	struct text written = {0};

	value_print_address(&written, bytes, size);
	cr_expect(eq(str, (char *)text_string(&written), (char *)text));
	written.size = 0;
	json_print_address(&written, bytes, size);
	cr_expect(eq(str, (char *)text_string(&written), (char *)json));
	text_free(&written);
}

Test(value, internet_addresses_have_port_and_address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(6379)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_scope_id = 2};

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in6.sin6_addr = in6addr_loopback;
	address_is(&in, sizeof(in), "{sa_family=AF_INET, sin_port=htons(6379), sin_addr=inet_addr(\"127.0.0.1\")}",
		   "{\"family\":\"AF_INET\",\"address\":\"127.0.0.1\",\"port\":6379}");
	address_is(&in6, sizeof(in6),
		   "{sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), "
		   "inet_pton(AF_INET6, \"::1\", &sin6_addr), sin6_scope_id=2}",
		   "{\"family\":\"AF_INET6\",\"address\":\"::1\",\"port\":80,\"flow\":0,\"scope\":2}");
}

Test(value, unix_addresses_are_paths_abstract_or_nameless)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/x.sock"};

	address_is(&un, sizeof(un), "{sa_family=AF_UNIX, sun_path=\"/run/x.sock\"}",
		   "{\"family\":\"AF_UNIX\",\"path\":\"/run/x.sock\"}");
	memcpy(un.sun_path, "\0name\0x", 7);
	address_is(&un, 2 + 7, "{sa_family=AF_UNIX, sun_path=@\"name\\0x\"}",
		   "{\"family\":\"AF_UNIX\",\"abstract\":\"name\\u0000x\"}");
	address_is(&un, 2, "{sa_family=AF_UNIX}", "{\"family\":\"AF_UNIX\"}");
}

Test(value, addresses_that_are_too_short_are_shown_as_they_are)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = 0x4141};

	address_is(&in, 4, "{sa_family=AF_INET, sa_data=\"AA\"}", "{\"family\":\"AF_INET\",\"data\":\"AA\"}");
	address_is("A", 1, "{sa_family=0, sa_data=\"\"}", "{\"data\":\"A\"}");
	address_is("", 0, "{sa_family=0, sa_data=\"\"}", "{\"data\":\"\"}");
}

Test(value, payload_is_laid_out_over_a_vector)
{
	const uint64_t lengths[] = {5, 4, 10};

	event_make(&made, "writev", 12);
	event_arg(&made, "fd", 1);
	event_arg(&made, "iov", 0x1000);
	event_arg(&made, "iovcnt", 3);
	event_add(&made, "iov", ITEM_VECTOR, 0, lengths, sizeof(lengths), 3);
	event_add(&made, "iov", ITEM_PAYLOAD, 0, "hello wo", 8, 12);
	args_are("1, [{iov_base=\"hello\", iov_len=5}, {iov_base=\" wo\"..., iov_len=4}, {iov_base=\"\"..., "
		 "iov_len=10}], 3",
		 "{\"fd\":1,\"iov\":{\"iov\":[5,4,10],\"data\":{\"length\":12,\"hash\":\"00000000\",\"bytes\":\"hello "
		 "wo\"}},"
		 "\"iovcnt\":3}");
}

Test(value, messages_have_names_vectors_and_control_messages)
{
	struct {
		struct cmsghdr head;
		int32_t fds[2];
		struct cmsghdr second;
		struct ucred credentials;
		uint32_t pad;
	} control = {{CMSG_LEN(8), SOL_SOCKET, SCM_RIGHTS},
		     {5, 6},
		     {CMSG_LEN(12), SOL_SOCKET, SCM_CREDENTIALS},
		     {1, 2, 3},
		     0};
	const uint64_t lengths[] = {16};
	const uint32_t flags = MSG_CTRUNC;

	event_make(&made, "recvmsg", 1);
	event_arg(&made, "fd", 4);
	event_arg(&made, "msg", 0x1000);
	event_add(&made, "msg", ITEM_VECTOR, 0, lengths, sizeof(lengths), 1);
	event_add(&made, "msg", ITEM_PAYLOAD, 0, "x", 1, 1);
	event_add(&made, "msg", ITEM_CONTROL, 0, &control, sizeof(control), sizeof(control));
	event_add(&made, "msg", ITEM_FLAGS, 0, &flags, 4, 4);
	args_are("4, {msg_name=NULL, msg_iov=[{iov_base=\"x\", iov_len=16}], "
		 "msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[5, 6]}, "
		 "{cmsg_len=28, cmsg_level=SOL_SOCKET, cmsg_type=SCM_CREDENTIALS, cmsg_data={pid=1, uid=2, gid=3}}], "
		 "msg_flags=MSG_CTRUNC}, 0",
		 "{\"fd\":4,\"msg\":{\"name\":null,\"iov\":[16],\"data\":{\"length\":1,\"hash\":\"00000000\","
		 "\"bytes\":\"x\"},"
		 "\"control\":[{\"length\":24,\"level\":\"SOL_SOCKET\",\"type\":\"SCM_RIGHTS\",\"data\":[5,6]},"
		 "{\"length\":28,\"level\":\"SOL_SOCKET\",\"type\":\"SCM_CREDENTIALS\",\"data\":{\"pid\":1,\"uid\":2,"
		 "\"gid\":3}}],"
		 "\"flags\":[\"MSG_CTRUNC\"]},\"flags\":[]}");
}

Test(value, control_messages_that_lie_about_their_length_end_the_list)
{
	struct control_message message;
	struct cmsghdr head = {.cmsg_len = 1000, .cmsg_level = 1, .cmsg_type = 2};
	size_t at = 0;

	cr_expect(control_next((const uint8_t *)&head, sizeof(head), &at, &message));
	cr_expect(message.is_truncated && message.size == 0);
	cr_expect(not(control_next((const uint8_t *)&head, sizeof(head), &at, &message)));
	head.cmsg_len = 3;
	at = 0;
	cr_expect(not(control_next((const uint8_t *)&head, sizeof(head), &at, &message)));
}

Test(value, several_messages_are_a_list)
{
	const uint32_t sizes[] = {1, 2};
	const uint64_t lengths[] = {8};

	event_make(&made, "sendmmsg", 2);
	event_arg(&made, "fd", 3);
	event_arg(&made, "msgvec", 0x1000);
	event_arg(&made, "vlen", 2);
	event_add(&made, "msgvec", ITEM_LENGTH, 0, &sizes[0], 4, 4);
	event_add(&made, "msgvec", ITEM_VECTOR, 0, lengths, 8, 1);
	event_add(&made, "msgvec", ITEM_PAYLOAD, 0, "a", 1, 1);
	event_add(&made, "msgvec", ITEM_LENGTH, 1, &sizes[1], 4, 4);
	args_are("3, [{msg_hdr={msg_name=NULL, msg_iov=[{iov_base=\"a\", iov_len=8}]}, msg_len=1}, "
		 "{msg_hdr={}, msg_len=2}], 2, 0",
		 "{\"fd\":3,\"msgvec\":[{\"length\":1,\"name\":null,\"iov\":[8],\"data\":{\"length\":1,\"hash\":"
		 "\"00000000\","
		 "\"bytes\":\"a\"},\"control\":null,\"flags\":null},{\"length\":2}],\"vlen\":2,\"flags\":[]}");
}

Test(value, arrays_of_structs_are_lists_of_named_fields)
{
	const struct sembuf operations[] = {{0, -1, SEM_UNDO}, {1, 2, 0}};

	event_make(&made, "semop", 0);
	event_arg(&made, "semid", 9);
	event_arg(&made, "sops", 0x1000);
	event_arg(&made, "nsops", 2);
	event_add(&made, "sops", ITEM_RAW, 0, operations, sizeof(operations), sizeof(operations));
	args_are("9, [{sem_num=0, sem_op=-1, sem_flg=SEM_UNDO}, {sem_num=1, sem_op=2, sem_flg=0}], 2",
		 "{\"semid\":9,\"sops\":[{\"sem_num\":0,\"sem_op\":-1,\"sem_flg\":[\"SEM_UNDO\"]},"
		 "{\"sem_num\":1,\"sem_op\":2,\"sem_flg\":[]}],\"nsops\":2}");
}

Test(value, arrays_that_were_cut_say_so)
{
	const struct sembuf operation = {0, 1, 0};

	event_make(&made, "semop", 0);
	event_arg(&made, "sops", 0x1000);
	event_arg(&made, "nsops", 3);
	event_add(&made, "sops", ITEM_RAW, 0, &operation, sizeof(operation), 3 * sizeof(operation));
	args_are("0, [{sem_num=0, sem_op=1, sem_flg=0}, ...], 3",
		 "{\"semid\":0,\"sops\":{\"total\":3,\"first\":[{\"sem_num\":0,\"sem_op\":1,\"sem_flg\":[]}]},"
		 "\"nsops\":3}");
}

Test(value, what_a_call_changed_is_shown_before_and_after)
{
	const uint32_t before = 128, after = 16;

	event_make(&made, "getsockname", 0);
	event_arg(&made, "fd", 3);
	event_arg(&made, "addr", 0x1000);
	event_arg(&made, "addrlen", 0x2000);
	event_add(&made, "addrlen", ITEM_BEFORE, 0, &before, 4, 4);
	event_add(&made, "addrlen", ITEM_RAW, 0, &after, 4, 4);
	args_are("3, 0x1000, [128] => [16]",
		 "{\"fd\":3,\"addr\":\"0x1000\",\"addrlen\":{\"before\":128,\"after\":16}}");
}

Test(value, sets_of_descriptors_are_lists_of_numbers)
{
	const uint8_t before[8] = {0x28}, after[8] = {0x08};

	event_make(&made, "select", 1);
	event_arg(&made, "nfds", 6);
	event_arg(&made, "readfds", 0x1000);
	event_add(&made, "readfds", ITEM_BEFORE, 0, before, 8, 8);
	event_add(&made, "readfds", ITEM_RAW, 0, after, 8, 8);
	args_are("6, [3 5] => [3], NULL, NULL, NULL",
		 "{\"nfds\":6,\"readfds\":{\"before\":[3,5],\"after\":[3]},\"writefds\":null,\"exceptfds\":null,"
		 "\"timeout\":null}");
}

Test(value, structs_with_fewer_bytes_than_they_need_show_what_is_there)
{
	const struct pollfd fd = {.fd = 5, .events = POLLIN};

	event_make(&made, "poll", 0);
	event_arg(&made, "fds", 0x1000);
	event_arg(&made, "nfds", 1);
	event_add(&made, "fds", ITEM_RAW, 0, &fd, 4, 8);
	struct text written = {0};
	json_print_args(&written, &made.event);
	cr_expect(eq(str, (char *)text_string(&written), "{\"fds\":{\"fd\":5},\"nfds\":1,\"timeout\":0}"));
	text_free(&written);
}

Test(value, system_v_messages_have_a_type)
{
	const int64_t type = 42;

	event_make(&made, "msgsnd", 0);
	event_arg(&made, "msqid", 1);
	event_arg(&made, "msgp", 0x1000);
	event_arg(&made, "msgsz", 5);
	event_add(&made, "msgp", ITEM_TYPE, 0, &type, 8, 8);
	event_add(&made, "msgp", ITEM_PAYLOAD, 0, "hello", 5, 5);
	args_are(
		"1, {mtype=42, mtext=\"hello\"}, 5, 0",
		"{\"msqid\":1,\"msgp\":{\"type\":42,\"data\":{\"length\":5,\"hash\":\"00000000\",\"bytes\":\"hello\"}},"
		"\"msgsz\":5,\"msgflg\":[]}");
}

Test(value, vectors_of_strings_are_lists)
{
	event_make(&made, "execv", -1);
	event_arg(&made, "pathname", 0x1000);
	event_arg(&made, "argv", 0x2000);
	event_add(&made, "pathname", ITEM_STRING, 0, "ls", 2, 2);
	event_add(&made, "argv", ITEM_STRINGS, 0, "ls\0-l\0", 6, 3);
	args_are("\"ls\", [\"ls\", \"-l\", ...]",
		 "{\"pathname\":\"ls\",\"argv\":{\"total\":3,\"first\":[\"ls\",\"-l\"]}}");
}

Test(value, selections_follow_the_deciding_argument)
{
	event_make(&made, "fcntl", 0);
	event_arg(&made, "fd", 3);
	event_arg(&made, "cmd", F_SETFL);
	event_arg(&made, "arg", O_NONBLOCK);
	struct text written = {0};
	const struct value_style style = {0};
	value_print_args(&written, &made.event, &style);
	cr_expect(strstr(text_string(&written), "O_NONBLOCK") != NULL);
	text_free(&written);
}

Test(value, addresses_as_results_are_hexadecimal_and_failures_are_minus_one)
{
	event_make(&made, "mmap", 0x7f0000001000);
	result_is("0x7f0000001000", "\"0x7f0000001000\"");
	made.event.result = -1;
	made.event.error = ENOMEM;
	result_is("-1 ENOMEM (Cannot allocate memory)", "-1");
}

Test(value, calls_that_did_not_return_have_no_result)
{
	event_make(&made, "recv", 0);
	made.event.outcome = OUTCOME_CANCELLED;
	result_is("?", "null");
	struct text written = {0};
	json_print_extras(&written, &made.event);
	cr_expect(eq(str, (char *)text_string(&written), ",\"outcome\":\"cancelled\""));
	text_free(&written);
}
