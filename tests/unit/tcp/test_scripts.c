/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_tcp_scripts FILE...: runs scenarios written in a small language, each named by the RFC clause that it
 * checks. A scenario begins with a line `scenario NAME`; then, one a line:
 *
 *   set KEY=N...                 a limit or timeout of struct tcp_config, or family=6
 *   listen [N] | connect         our side opens (N: backlog)
 *   accepted OPT... | opened OPT...   a whole handshake, by the peer or by us; OPT: win mss ws ts sackok
 *   in FLAGS FIELD...            a segment of the peer. What is not given is what the peer would send next.
 *   out FLAGS FIELD... | out none     the oldest segment of ours not yet looked at, or that there is none
 *   app send N | refused N | read N | close | shutdown | abort | timeout MS
 *   icmp seq=N mtu=N             mtu=0: unreachable
 *   wait N(ms|s)                 state NAME | count ROW N | event NAME N | why REASON | info KEY N
 *   skip                         forgets what we sent so far
 *
 * FLAGS: S F R P A put together; P of a segment of ours means that it has text. FIELD: seq ack win len mss ws
 * ts ecr sack=A-B[,C-D] nosack. Sequence numbers are relative to the ISS of whoever sent them. At the end
 * nothing we sent may be left unlooked at.
 */
#include "rig.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct script {
	struct rig rig;
	const char *file;
	unsigned line;
	char name[512];
	char error[512];
	bool running; /* the rig is up */
	bool started;
	uint32_t looked_at;
	int family;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct script *script, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(script->error, sizeof(script->error), format, args);
	va_end(args);
	return false;
}

static const char *value_of(const char *word, const char *key)
{
	size_t len = strlen(key);

	return strncmp(word, key, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 0);
}

static bool read_flags(const char *text, uint8_t *ret_flags)
{
	static const char letters[] = "FSRPA";
	uint8_t flags = 0;

	for (; *text; text++) {
		const char *at = strchr(letters, *text);
		if (!at)
			return false;
		flags |= (uint8_t)(1U << (at - letters));
	}
	*ret_flags = flags;
	return true;
}

/* Which fields a line names. */
enum {
	HAS_SEQ = 1,
	HAS_ACK = 2,
	HAS_WIN = 4,
	HAS_LEN = 8,
	HAS_TS = 16,
	HAS_ECR = 32,
	HAS_SACK = 64,
	HAS_MSS = 128,
	HAS_WS = 256,
	HAS_SACKOK = 512
};

static bool read_number_field(const char *word, struct shown *shown, unsigned *has)
{
	const struct {
		const char *key;
		uint32_t *field;
		unsigned bit;
	} fields[] = {{"seq", &shown->seq, HAS_SEQ}, {"ack", &shown->ack, HAS_ACK},
		{"win", &shown->win, HAS_WIN}, {"len", &shown->len, HAS_LEN}, {"ts", &shown->tsval, HAS_TS},
		{"ecr", &shown->tsecr, HAS_ECR}};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *text = value_of(word, fields[i].key);
		if (text) {
			*fields[i].field = number(text);
			*has |= fields[i].bit;
			return true;
		}
	}
	return false;
}

static bool read_sack(const char *text, struct shown *shown)
{
	while (shown->sack_count < SEGMENT_SACKS) {
		char *end;
		shown->sack[shown->sack_count][0] = (uint32_t)strtoul(text, &end, 10);
		if (*end != '-')
			return false;
		shown->sack[shown->sack_count++][1] = (uint32_t)strtoul(end + 1, &end, 10);
		if (*end != ',')
			return *end == '\0';
		text = end + 1;
	}
	return false;
}

static bool read_field(const char *word, struct shown *shown, unsigned *has)
{
	const char *text;

	if (read_number_field(word, shown, has))
		return true;
	if ((text = value_of(word, "mss"))) {
		shown->mss = (int)number(text);
		*has |= HAS_MSS;
	} else if ((text = value_of(word, "ws"))) {
		shown->shift = (int)number(text);
		*has |= HAS_WS;
	} else if (strcmp(word, "sackok") == 0) {
		shown->sack_ok = true;
		*has |= HAS_SACKOK;
	} else if (strcmp(word, "nosack") == 0) {
		*has |= HAS_SACK;
	} else if ((text = value_of(word, "sack"))) {
		*has |= HAS_SACK;
		return read_sack(text, shown);
	} else {
		return false;
	}
	return true;
}

static bool read_fields(struct script *script, char **rest, struct shown *shown, unsigned *has)
{
	char *word;

	shown->shift = -1;
	while ((word = strsep(rest, " "))) {
		if (*word && !read_field(word, shown, has))
			return fail(script, "cannot read '%s'", word);
	}
	return true;
}

static bool start(struct script *script)
{
	if (!script->started) {
		rig_start(&script->rig);
		script->started = true;
	}
	return true;
}

static bool do_set(struct script *script, char *rest)
{
	struct tcp_config *config = &script->rig.config;
	const struct {
		const char *key;
		uint32_t *field;
	} fields[] = {{"window", &config->window_bytes}, {"send_max", &config->send_max_bytes},
		{"connections", &config->connections_max}, {"half_open", &config->half_open_max},
		{"time_waits", &config->time_wait_max}, {"pieces", &config->pieces_max},
		{"connect_timeout", &config->connect_timeout_ms}, {"user_timeout", &config->user_timeout_ms},
		{"idle_timeout", &config->idle_timeout_ms}, {"keepalive_idle", &config->keepalive_idle_ms},
		{"keepalive_every", &config->keepalive_every_ms},
		{"keepalive_probes", &config->keepalive_probes}, {"close_limit", &config->close_limit_ms},
		{"time_wait", &config->time_wait_ms}};
	char *word;

	while ((word = strsep(&rest, " "))) {
		bool known = false;
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			const char *text = value_of(word, fields[i].key);
			if (text) {
				*fields[i].field = number(text);
				known = true;
			}
		}
		if (value_of(word, "mtu")) {
			config->mtu = (uint16_t)number(value_of(word, "mtu"));
		} else if (value_of(word, "memory")) {
			config->memory_max_bytes = number(value_of(word, "memory"));
		} else if (!known) {
			return fail(script, "cannot set '%s'", word);
		}
	}
	return true;
}

static bool do_listen(struct script *script, char *rest)
{
	rig_listen(&script->rig, rest && *rest ? number(rest) : 16);
	return true;
}

static bool do_connect(struct script *script, char *rest)
{
	(void)rest;
	if (rig_connect(&script->rig) != 0)
		return fail(script, "no connection was begun");
	return true;
}

static bool handshake(struct script *script, char *rest, void (*shake)(struct rig *, const struct shown *))
{
	struct shown peer = {.win = 65535, .mss = 1460};
	unsigned has = 0;

	if (!read_fields(script, &rest, &peer, &has))
		return false;
	peer.has_ts = (has & HAS_TS) != 0;
	shake(&script->rig, &peer);
	script->looked_at = 0;
	return true;
}

static bool do_accepted(struct script *script, char *rest)
{
	return handshake(script, rest, rig_accept);
}

static bool do_opened(struct script *script, char *rest)
{
	return handshake(script, rest, rig_open);
}

static bool do_in(struct script *script, char *rest)
{
	struct rig *rig = &script->rig;
	struct shown shown = {.seq = rig->peer_nxt, .ack = rig->our_nxt, .win = 65535};
	unsigned has = 0;
	char *flags = strsep(&rest, " ");

	if (!flags || !read_flags(flags, &shown.flags))
		return fail(script, "flags are letters of FSRPA");
	if (!read_fields(script, &rest, &shown, &has))
		return false;
	shown.has_ts = rig->ts_agreed || (has & HAS_TS);
	if (shown.has_ts && !(has & HAS_TS))
		shown.tsval = (uint32_t)(rig->now_ns / RIG_MS);
	if (shown.has_ts && !(has & HAS_ECR))
		shown.tsecr = rig->last_tsval;
	if ((has & HAS_TS) && shown.tsval == 0)
		shown.has_ts = false; /* ts=0: left out */
	rig_in(rig, &shown);
	return true;
}

static void describe(const struct shown *shown, char *buf, size_t size)
{
	static const char letters[] = "FSRPA";
	char flags[6];
	size_t count = 0;
	size_t used;

	for (unsigned i = 0; i < 5; i++) {
		if (shown->flags & (1U << i))
			flags[count++] = letters[i];
	}
	flags[count] = '\0';
	used = (size_t)snprintf(buf, size, "%s seq=%u ack=%u win=%u len=%u", flags, shown->seq, shown->ack,
		shown->win, shown->len);
	if (shown->mss)
		used += (size_t)snprintf(buf + used, size - used, " mss=%d", shown->mss);
	if (shown->shift >= 0)
		used += (size_t)snprintf(buf + used, size - used, " ws=%d", shown->shift);
	if (shown->has_ts)
		used += (size_t)snprintf(
			buf + used, size - used, " ts=%u ecr=%u", shown->tsval, shown->tsecr);
	for (int i = 0; i < shown->sack_count; i++)
		used += (size_t)snprintf(
			buf + used, size - used, " sack=%u-%u", shown->sack[i][0], shown->sack[i][1]);
}

static bool numbers_match(const struct shown *want, const struct shown *got, unsigned has)
{
	return (!(has & HAS_SEQ) || want->seq == got->seq) && (!(has & HAS_ACK) || want->ack == got->ack) &&
	       (!(has & HAS_WIN) || want->win == got->win) &&
	       (has & HAS_LEN ? want->len == got->len : (got->len > 0) == ((want->flags & F_PSH) != 0)) &&
	       (!(has & HAS_TS) || want->tsval == got->tsval) &&
	       (!(has & HAS_ECR) || want->tsecr == got->tsecr);
}

static bool options_match(const struct shown *want, const struct shown *got, unsigned has)
{
	if ((has & HAS_MSS) && want->mss != got->mss)
		return false;
	if ((has & HAS_WS) && want->shift != got->shift)
		return false;
	if ((has & HAS_SACKOK) && !got->sack_ok)
		return false;
	if (!(has & HAS_SACK))
		return true;
	return want->sack_count == got->sack_count &&
	       memcmp(want->sack, got->sack, sizeof(want->sack[0]) * (size_t)want->sack_count) == 0;
}

static bool do_out(struct script *script, char *rest)
{
	struct rig *rig = &script->rig;
	struct shown want = {0};
	const struct shown *got = &rig->sent[script->looked_at];
	unsigned has = 0;
	char text[256] = "nothing";
	char *flags = strsep(&rest, " ");

	if (script->looked_at < rig->sent_count)
		describe(got, text, sizeof(text));
	if (flags && strcmp(flags, "none") == 0)
		return script->looked_at == rig->sent_count || fail(script, "unexpected: %s", text);
	if (!flags || !read_flags(flags, &want.flags))
		return fail(script, "flags are letters of FSRPA");
	if (!read_fields(script, &rest, &want, &has))
		return false;
	if (script->looked_at == rig->sent_count)
		return fail(script, "nothing was sent");
	script->looked_at++;
	if ((want.flags & ~F_PSH) != (got->flags & ~F_PSH) || !numbers_match(&want, got, has) ||
		!options_match(&want, got, has) || !got->text_right)
		return fail(script, "was%s: %s", got->text_right ? "" : " (wrong text)", text);
	return true;
}

static bool do_app(struct script *script, char *rest)
{
	struct rig *rig = &script->rig;
	char *verb = strsep(&rest, " ");
	int ret = 0;

	if (!rig->tcb)
		return fail(script, "there is no connection");
	if (strcmp(verb, "send") == 0)
		ret = rig_send(rig, number(rest));
	else if (strcmp(verb, "refused") == 0)
		ret = rig_send(rig, number(rest)) == -EAGAIN ? 0 : -1;
	else if (strcmp(verb, "timeout") == 0)
		tcp_set_user_timeout(rig->tcb, number(rest), rig->now_ns);
	else if (strcmp(verb, "read") == 0)
		ret = rig_read(rig, number(rest)) == number(rest) && !rig->wrong_byte ? 0 : -1;
	else if (strcmp(verb, "close") == 0)
		tcp_close(rig->tcb, rig->now_ns);
	else if (strcmp(verb, "shutdown") == 0)
		tcp_shutdown(rig->tcb, rig->now_ns);
	else if (strcmp(verb, "abort") == 0)
		tcp_abort(rig->tcb, rig->now_ns);
	else
		return fail(script, "no such call");
	if (ret != 0)
		return fail(script, "the call returned %d%s", ret,
			rig->wrong_byte ? ", or a wrong byte came" : "");
	return true;
}

static bool do_icmp(struct script *script, char *rest)
{
	struct rig *rig = &script->rig;
	struct tcp_icmp icmp = {.local = rig->local, .remote = rig->peer};
	char *word;

	while ((word = strsep(&rest, " "))) {
		if (value_of(word, "seq"))
			icmp.quoted_seq = number(value_of(word, "seq")) + rig->our_iss;
		else if (value_of(word, "mtu"))
			icmp.mtu = number(value_of(word, "mtu"));
		else
			return fail(script, "cannot read '%s'", word);
	}
	tcp_icmp(rig->tcp, &icmp, rig->now_ns);
	return true;
}

static bool do_wait(struct script *script, char *rest)
{
	char *unit;
	uint64_t amount = strtoull(rest, &unit, 10);

	if (strcmp(unit, "ms") != 0 && strcmp(unit, "s") != 0)
		return fail(script, "wait takes ms or s");
	rig_wait(&script->rig, amount * (strcmp(unit, "s") == 0 ? 1000 : 1) * RIG_MS);
	return true;
}

static bool do_state(struct script *script, char *rest)
{
	struct tcp_info info;
	struct tcp_levels levels;

	tcp_levels(script->rig.tcp, &levels);
	if (strcmp(rest, "TIME-WAIT") == 0)
		return levels.time_wait == 1 || fail(script, "%u are in TIME-WAIT", levels.time_wait);
	if (strcmp(rest, "HALF-OPEN") == 0)
		return levels.half_open == 1 || fail(script, "%u are half open", levels.half_open);
	if (strcmp(rest, "NONE") == 0)
		return levels.time_wait + levels.half_open + levels.connections == 0 ||
		       fail(script, "%u connections, %u half open, %u waiting", levels.connections,
			       levels.half_open, levels.time_wait);
	if (!script->rig.tcb)
		return fail(script, "there is no connection");
	tcp_info(script->rig.tcb, &info);
	return strcmp(info.state, rest) == 0 || fail(script, "is %s", info.state);
}

static bool do_count(struct script *script, char *rest)
{
	const char *row = strsep(&rest, " ");

	for (int i = 0; i < STAT_COUNT; i++) {
		if (strcmp(stat_infos[i].name, row) != 0)
			continue;
		uint64_t value = rig_count(&script->rig, (enum stat)i);
		return value == number(rest) || fail(script, "%s is %llu", row, (unsigned long long)value);
	}
	return fail(script, "no such counter");
}

static bool do_event(struct script *script, char *rest)
{
	static const char *const names[TCP_EVENTS] = {
		"accepted", "connected", "readable", "peer-closed", "writable", "ended"};
	const char *name = strsep(&rest, " ");

	for (int i = 0; i < TCP_EVENTS; i++) {
		if (strcmp(names[i], name) == 0)
			return script->rig.events[i] == number(rest) ||
			       fail(script, "%s came %u times", name, script->rig.events[i]);
	}
	return fail(script, "no such event");
}

static bool do_why(struct script *script, char *rest)
{
	const char *why = tcp_reason_name(script->rig.why);

	return strcmp(why, rest) == 0 || fail(script, "ended by %s", why);
}

static bool do_info(struct script *script, char *rest)
{
	const char *key = strsep(&rest, " ");
	struct tcp_info info;

	if (!script->rig.tcb)
		return fail(script, "there is no connection");
	tcp_info(script->rig.tcb, &info);
	const struct {
		const char *key;
		uint32_t value;
	} fields[] = {{"cwnd", info.cwnd_bytes}, {"ssthresh", info.ssthresh_bytes}, {"mss", info.mss_bytes},
		{"flight", info.flight_bytes}, {"queued", info.send_queued_bytes},
		{"rto_ms", info.rto_us / 1000}, {"unread", info.receive_queued_bytes}};
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(fields[i].key, key) == 0)
			return fields[i].value == number(rest) ||
			       fail(script, "%s is %u", key, fields[i].value);
	}
	return fail(script, "no such figure");
}

static bool do_skip(struct script *script, char *rest)
{
	(void)rest;
	rig_forget(&script->rig);
	script->looked_at = 0;
	return true;
}

static bool run_line(struct script *script, char *line)
{
	static const struct {
		const char *verb;
		bool (*run)(struct script *, char *);
	} verbs[] = {{"listen", do_listen}, {"connect", do_connect}, {"accepted", do_accepted},
		{"opened", do_opened}, {"in", do_in}, {"out", do_out}, {"app", do_app}, {"icmp", do_icmp},
		{"wait", do_wait}, {"state", do_state}, {"count", do_count}, {"event", do_event},
		{"why", do_why}, {"info", do_info}, {"skip", do_skip}};
	char *verb = strsep(&line, " ");

	if (strcmp(verb, "set") == 0)
		return do_set(script, line);
	start(script);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].verb, verb) == 0)
			return verbs[i].run(script, line);
	}
	return fail(script, "no such verb");
}

/* True when the scenario held. */
static bool finish(struct script *script)
{
	bool held = script->error[0] == '\0';
	char text[256];

	if (!script->running)
		return true;
	start(script);
	if (held && script->looked_at < script->rig.sent_count) {
		describe(&script->rig.sent[script->looked_at], text, sizeof(text));
		held = fail(script, "left at the end: %s", text);
	}
	if (!rig_finish(&script->rig) && held)
		held = fail(script, "memory did not come back");
	if (!held)
		printf("%s:%u: %s\n    %s\n", script->file, script->line, script->name, script->error);
	script->running = false;
	return held;
}

static void begin(struct script *script, const char *name)
{
	snprintf(script->name, sizeof(script->name), "%s", name);
	script->error[0] = '\0';
	script->running = true;
	script->started = false;
	script->looked_at = 0;
	rig_prepare(&script->rig, strstr(name, "(IPv6)") ? 6 : 4);
}

static void run_file(const char *path, unsigned *passed, unsigned *failed)
{
	static struct script script;
	char line[512];
	unsigned number_of_line = 0;
	FILE *file = fopen(path, "r");

	ensure(file != NULL);
	script = (struct script){.file = path};
	while (fgets(line, sizeof(line), file)) {
		number_of_line++;
		line[strcspn(line, "#\n")] = '\0';
		for (size_t len = strlen(line); len > 0 && line[len - 1] == ' '; len--)
			line[len - 1] = '\0';
		if (strncmp(line, "scenario ", 9) == 0) {
			if (script.running)
				*(finish(&script) ? passed : failed) += 1;
			begin(&script, line + 9);
			script.line = number_of_line;
		} else if (line[0] && script.error[0] == '\0') {
			script.line = number_of_line;
			run_line(&script, line);
		}
	}
	if (script.running)
		*(finish(&script) ? passed : failed) += 1;
	fclose(file);
}

int main(int argc, char **argv)
{
	unsigned passed = 0;
	unsigned failed = 0;

	for (int i = 1; i < argc; i++)
		run_file(argv[i], &passed, &failed);
	printf("%u scenarios held, %u did not\n", passed, failed);
	return failed == 0 && passed > 0 ? 0 : 1;
}
