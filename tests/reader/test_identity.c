// SPDX-License-Identifier: MIT
/*
 * What identities make of hand-made events, rule by rule. The events are those of no real program; the catalogue
 * is the real one.
 */
#include "tests/reader/identity_maker.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>

TestSuite(identity, .init = set_up, .fini = tear_down);

Test(identity, names_system_v_objects_by_key)
{
	CALL("msgget", 65536, 0x1234, 0600);
	act();
	CALL("semget", 65536, IPC_PRIVATE, 3, 0600);
	act();
	CALL("shmget", 7, IPC_PRIVATE, 8192, 0600);
	act();
	settle();
	EXPECT_NAME(KIND_MSQID, 65536, "msgq key 0x1234");
	EXPECT_NAME(KIND_SEMID, 65536, "semset#0 private by P0");
	EXPECT_NAME(KIND_SHMID, 7, "shm#0 private by P0");
	EXPECT_NAME(KIND_MSQID, 5, "msgq id 5");
}

Test(identity, tells_a_key_used_again_after_removal_from_the_first)
{
	CALL("msgget", 1, 0x1234, 0600);
	act();
	CALL("msgget", 1, 0x1234, 0600);
	act();
	settle();
	EXPECT_NAME(KIND_MSQID, 1, "msgq key 0x1234");
	CALL("msgctl", 0, 1, IPC_RMID, 0);
	act();
	CALL("msgget", 32769, 0x1234, 0600);
	act();
	settle();
	EXPECT_NAME(KIND_MSQID, 32769, "msgq key 0x1234 (2)");
}

Test(identity, finds_the_mapping_and_the_offset_of_an_address)
{
	uint64_t offset = 0;

	CALL("mmap", 0x10000, 0, 0x4000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	act();
	settle();
	EXPECT_NAME(KIND_ADDRESS, 0x10000, "mapping#0 (anon, 16 KiB, rw-)");
	struct object *mapping = identity_mapping(identity, pid, 0x12345, &offset);
	cr_expect(ne(ptr, mapping, NULL));
	cr_expect(eq(u64, offset, 0x2345));
	EXPECT_NAME(KIND_ADDRESS, 0x14000, "nothing");
}

Test(identity, splits_a_mapping_at_an_unmapped_hole)
{
	uint64_t offset = 0;

	CALL("mmap", 0x10000, 0, 0x4000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	act();
	CALL("munmap", 0, 0x11000, 0x1000);
	act();
	EXPECT_NAME(KIND_ADDRESS, 0x11000, "mapping#0 (anon, 16 KiB, r--)");
	settle();
	EXPECT_NAME(KIND_ADDRESS, 0x10fff, "mapping#0 (anon, 16 KiB, r--)");
	EXPECT_NAME(KIND_ADDRESS, 0x11000, "nothing");
	identity_mapping(identity, pid, 0x12010, &offset);
	cr_expect(eq(u64, offset, 0x2010));
}

Test(identity, keeps_a_mapping_that_moves)
{
	CALL("mmap", 0x10000, 0, 0x1000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	act();
	CALL("mremap", 0x90000, 0x10000, 0x1000, 0x2000, MREMAP_MAYMOVE, 0);
	act();
	settle();
	EXPECT_NAME(KIND_ADDRESS, 0x10000, "nothing");
	EXPECT_NAME(KIND_ADDRESS, 0x91fff, "mapping#0 (anon, 4 KiB, r--)");
}

Test(identity, says_what_a_mapping_is_of)
{
	CALL("open", 3, 0x7000, O_RDONLY, 0);
	add_string(0, "/etc/passwd");
	act();
	CALL("mmap", 0x10000, 0, 100, PROT_READ, MAP_PRIVATE, 3, 0);
	act();
	CALL("close", 0, 3);
	act();
	CALL("shmget", 7, 0x99, 8192, 0600);
	act();
	CALL("shmat", 0x20000, 7, 0, 0);
	act();
	settle();
	EXPECT_NAME(KIND_ADDRESS, 0x10fff, "mapping#0 (file /etc/passwd, 100 B, r--)");
	EXPECT_NAME(KIND_ADDRESS, 0x21fff, "mapping#0 (shm key 0x99, 8 KiB, rw-)");
	CALL("shmdt", 0, 0x20000);
	act();
	settle();
	EXPECT_NAME(KIND_ADDRESS, 0x20000, "nothing");
}

Test(identity, names_semaphores_by_name_or_place)
{
	CALL("sem_open", 0x5000, 0x7000, O_CREAT, 0600, 1);
	add_string(0, "/lock");
	act();
	CALL("mmap", 0x10000, 0, 0x1000, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	act();
	CALL("sem_init", 0, 0x10040, 1, 0);
	act();
	settle();
	EXPECT_NAME(KIND_SEM, 0x5000, "sem /lock");
	EXPECT_NAME(KIND_SEM, 0x10040, "sem in mapping#0 (anon, 4 KiB, r--) + 0x40");
	EXPECT_NAME(KIND_SEM, 0x666000, "sem#0");
	CALL("fork", 200, 0);
	act();
	settle();
	cr_expect(eq(ptr, identity_object(identity, 200, KIND_SEM, 0x10040),
		     identity_object(identity, 100, KIND_SEM, 0x10040)));
}

static int gone_count;

static void count_gone(void *context, struct object *object)
{
	gone_count++;
	cr_expect(ne(int, object_name(object)[0], 0));
}

Test(identity, lets_go_of_a_conversation_only_when_both_ends_are_closed)
{
	gone_count = 0;
	identity_watch(identity, count_gone, NULL);
	make_listener(3, "0.0.0.0", 8080);
	make_client(4, "127.0.0.1", 8080, 50000);
	make_accepted(3, 5, "127.0.0.1", 50000);
	CALL("close", 0, 4);
	act();
	settle();
	cr_expect(eq(int, gone_count, 0));
	CALL("close", 0, 5);
	act();
	settle();
	settle();
	cr_expect(eq(int, gone_count, 2));
	identity_finish(identity);
	cr_expect(eq(int, gone_count, 3));
}

Test(identity, keeps_memory_flat_over_a_million_connections)
{
	gone_count = 0;
	identity_watch(identity, count_gone, NULL);
	make_listener(3, "0.0.0.0", 8080);
	for (int i = 0; i < 1000000; i++) {
		make_accepted(3, 4, "127.0.0.1", (uint16_t)(1024 + i % 60000));
		CALL("close", 0, 4);
		act();
	}
	settle();
	cr_expect(eq(int, gone_count, 1000000));
}

Test(identity, survives_words_that_make_no_sense)
{
	static const uint64_t words[] = {0, 1, 3, 0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX, 0x10000, 1024};
	uint64_t state = 42;

	for (unsigned round = 0; round < 200; round++)
		for (unsigned i = 0; i < catalogue_builtin.calls_count; i++) {
			uint64_t args[CALL_ARGS_MAX];
			for (unsigned k = 0; k < CALL_ARGS_MAX; k++) {
				state = state * 6364136223846793005u + 1442695040888963407u;
				args[k] = words[(state >> 33) % (sizeof(words) / sizeof(words[0]))];
			}
			CALL(catalogue_builtin.calls[i].name, (int64_t)args[7], 0);
			memcpy(event.args, args, sizeof(args));
			pid = (uint32_t)words[(state >> 40) % 4];
			tid = (uint32_t)words[(state >> 44) % 4];
			event.duration = args[6] & 0xff;
			add_item((uint8_t)((state >> 50) & 3), (enum item_form)((state >> 54) % ITEM_FORM_COUNT), args,
				 (state >> 48) % 64);
			act();
			identity_subject(identity, &event);
			identity_object(identity, pid, KIND_FD, args[0]);
		}
	identity_finish(identity);
	cr_expect(ne(ptr, identity_thread_object(identity, 1, 1), NULL));
}
