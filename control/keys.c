/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys while the daemon runs: at the start, and when an operator asks for new ones. They are no part of
 * the model: nothing takes a key back, and `show config` must not show one. A key is written before it is
 * used, so that what was sealed with it survives us.
 */
#include "control/handlers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- at the start ---- */

/* There is no file: new keys, and the file with them. */
static int make_file(struct daemon *daemon, const char *path, char error[static DAEMON_ERROR_MAX])
{
	char id[KEY_ID_LEN + 1];
	int ret = keyring_draw(&daemon->keys);

	if (ret == 0)
		ret = keyring_save(&daemon->keys, path);
	if (ret < 0) {
		snprintf(error, DAEMON_ERROR_MAX,
			"%s: cannot be made: %s; does its folder exist, and may we write there?", path,
			strerror(-ret));
		return ret;
	}
	key_id(&daemon->keys.key[keyring_signer(&daemon->keys)], id);
	/* In a cluster this is a mistake: the other instances have another key. */
	log_line(
		&daemon->log, CONFIG_LOG_WARNING, "%s was not there: made it, with the new key %s", path, id);
	return 0;
}

int keys_start(struct daemon *daemon, char error[static DAEMON_ERROR_MAX])
{
	const char *path = daemon->running->instance.key_file;
	struct config_report report;
	int ret;

	snprintf(error, DAEMON_ERROR_MAX, "no random numbers can be had");
	if (!path)
		return keyring_draw(&daemon->keys);
	config_report_init(&report, path);
	ret = keyring_load(path, &report, &daemon->keys);
	config_report_print(&report, stderr);
	config_report_fini(&report);
	snprintf(error, DAEMON_ERROR_MAX, "%s is not a key file that can be used", path);
	return ret == -ENOENT ? make_file(daemon, path, error) : ret;
}

/* ---- while it runs ---- */

int keys_use(struct daemon *daemon, const struct keyring *ring)
{
	struct parts none = {0};
	struct snapshot *next;
	char id[KEY_ID_LEN + 1];
	int ret;

	if (memcmp(ring, &daemon->keys, sizeof(*ring)) == 0)
		return 0;
	next = publisher_next(&daemon->publisher);
	if (next)
		next->keys = keyring_keys(ring);
	ret = daemon_publish(daemon, next, &none);
	if (ret < 0)
		return ret;
	daemon->keys = *ring;
	key_id(&ring->key[keyring_signer(ring)], id);
	log_line(&daemon->log, CONFIG_LOG_INFO, "dialogs are sealed with key %s", id);
	return 0;
}

void show_key(struct daemon *daemon, struct call *call)
{
	json_t *rows = json_array();
	char id[KEY_ID_LEN + 1];

	for (unsigned place = 0; place < KEYRING_PLACES; place++) {
		enum key_use use = daemon->keys.use[place];
		if (use == KEY_NONE)
			continue;
		key_id(&daemon->keys.key[place], id);
		json_array_append_new(rows, json_pack("[i, s, s]", (int)place, key_use_name(use), id));
	}
	call_rows(call, cursor_of_rows(rows));
}

/* A new ring on its way to the file, which the compile thread writes. */
struct renewal {
	struct compile_job job; /* first */
	struct daemon *daemon;
	struct ticket ticket;
	struct keyring ring;
	int ret;
};

static void renewal_run(struct compile_job *job)
{
	struct renewal *renewal = (struct renewal *)job;
	const char *path = renewal->daemon->running->instance.key_file;

	renewal->ret = path ? keyring_save(&renewal->ring, path) : 0;
}

static void renewal_answer(struct renewal *renewal, struct call *call)
{
	struct daemon *daemon = renewal->daemon;
	const char *path = daemon->running->instance.key_file;
	char id[KEY_ID_LEN + 1];

	if (renewal->ret < 0) {
		call_error(call, API_REFUSED, "the keys are as before; %s: %s", path ? path : "renewal",
			strerror(-renewal->ret));
		return;
	}
	key_id(&daemon->keys.key[keyring_signer(&daemon->keys)], id);
	call_result(call, json_pack("{s:s, s:s}", "sign", id, "kept",
				  path ? path : "no: instance.key_file is not set"));
}

static void renewal_done(struct compile_job *job)
{
	struct renewal *renewal = (struct renewal *)job;
	struct daemon *daemon = renewal->daemon;
	struct call *call = server_resume(daemon->server, renewal->ticket);

	daemon->renews_keys = false;
	if (renewal->ret == 0)
		renewal->ret = keys_use(daemon, &renewal->ring);
	if (call)
		renewal_answer(renewal, call);
	explicit_bzero(&renewal->ring, sizeof(renewal->ring));
	free(renewal);
}

static void renew(struct daemon *daemon, struct call *call, const struct keyring *ring)
{
	struct renewal *renewal = calloc(1, sizeof(*renewal));

	if (!renewal) {
		call_error(call, API_INTERNAL, "memory is short");
		return;
	}
	renewal->job = (struct compile_job){.run = renewal_run, .done = renewal_done};
	renewal->daemon = daemon;
	renewal->ring = *ring;
	renewal->ret = -ECANCELED; /* until it has run: at the daemon's end it may not */
	renewal->ticket = call_defer(call);
	daemon->renews_keys = true;
	compiler_submit(daemon->compiler, &renewal->job);
}

static void renew_by(struct daemon *daemon, struct call *call, int (*step)(struct keyring *ring))
{
	struct keyring ring = daemon->keys;
	int ret;

	/* A reload reads the file that we would write. */
	if (change_must_wait(daemon, call))
		return;
	ret = daemon->renews_keys ? -EBUSY : step(&ring);
	if (ret == -EBUSY)
		call_error(call, API_BUSY, "the keys are being renewed already; see show key");
	else if (ret == -EEXIST)
		call_error(call, API_REFUSED,
			"there is a next key already; give it to all instances, then rotate key");
	else if (ret < 0)
		call_error(call, API_INTERNAL, "%s", strerror(-ret));
	else
		renew(daemon, call, &ring);
	explicit_bzero(&ring, sizeof(ring));
}

void add_key(struct daemon *daemon, struct call *call)
{
	renew_by(daemon, call, keyring_add);
}

void rotate_key(struct daemon *daemon, struct call *call)
{
	renew_by(daemon, call, keyring_rotate);
}
