"""Ways to tamper with the trail, each at a place that chance chooses; `at` is the `Attacker`."""

from datetime import timedelta

from qms.tests.attacking import KEPT_BY_DATABASE, as_stored, other

TAMPERINGS = []


def tampering(function):
    TAMPERINGS.append(function)
    return function


@tampering
def edit_a_version(at):
    """And the record itself, when the version is its last."""
    while True:
        table, live, _kind, row = at.version()
        column = at.chance.choice([name for name, value in row.items() if value is not None])
        if column in KEPT_BY_DATABASE:
            continue
        try:
            if at.is_last(table, row):
                at.change(live, "id", row, column, as_stored(other(row[column])))
        except Exception:  # the database has rules of its own for records: another place then
            continue
        at.change(table, "history_id", row, column, as_stored(other(row[column])))
        return


@tampering
def edit_the_words(at):
    row = at.row("feedback_historicalfeedback", "words <> ''")
    at.change("feedback_historicalfeedback", "history_id", row, "words", "All was well.")
    at.run("UPDATE feedback_feedback SET words = 'All was well.' WHERE id = ? AND rev = ?", row["id"], row["rev"])


@tampering
def put_text_where_none_was(at):
    row = at.row("feedback_historicalfeedback", "subject = ''")
    at.change("feedback_historicalfeedback", "history_id", row, "subject", "Praise")
    at.run("UPDATE feedback_feedback SET subject = 'Praise' WHERE id = ? AND rev = ?", row["id"], row["rev"])


@tampering
def delete_a_version(at):
    table, _live, _kind, row = at.version()
    at.run(f'DELETE FROM "{table}" WHERE history_id = ?', row["history_id"])


@tampering
def delete_a_version_with_its_seal(at):
    table, _live, kind, row = at.version()
    at.run(f'DELETE FROM "{table}" WHERE history_id = ?', row["history_id"])
    at.run("DELETE FROM trail_seal WHERE rtype = ? AND history_id = ?", kind, row["history_id"])


@tampering
def delete_a_record_and_close_the_gaps(at):
    table, live, kind, row = at.version()
    at.run(f'DELETE FROM "{live}" WHERE id = ?', row["id"])
    at.run(f'DELETE FROM "{table}" WHERE id = ?', row["id"])
    at.run("DELETE FROM trail_seal WHERE rtype = ? AND rid = ?", kind, row["id"])
    for place, (seq,) in enumerate(at.all("SELECT seq FROM trail_seal ORDER BY seq"), 1):
        at.run("UPDATE trail_seal SET seq = ? WHERE seq = ?", place, seq)


def next_version(at):
    """(kind, row) of a version more than there was, with its record brought up to it."""
    while True:
        table, live, kind, row = at.version()
        if at.is_last(table, row):
            break
    [(last,)] = at.all(f'SELECT max(history_id) FROM "{table}"')
    row |= {"history_id": last + 1, "rev": row["rev"] + 1, "verb": "voided", "history_type": "~"}
    at.insert(table, row)
    at.run(f'UPDATE "{live}" SET rev = ?, verb = ? WHERE id = ?', row["rev"], row["verb"], row["id"])
    return kind, row


@tampering
def insert_a_version(at):
    next_version(at)


def forged_seal(at):
    kind, row = next_version(at)
    seal = at.row("trail_seal", f"rtype = '{kind}' AND rid = {row['id']}")
    [(last,)] = at.all("SELECT max(seq) FROM trail_seal")
    seal |= {name: row[name] for name in ("rev", "history_id", "verb")} | {"leaf": at.chance.randbytes(32)}
    return seal | {"seq": last + 1}


@tampering
def insert_a_version_with_a_seal(at):
    at.insert("trail_seal", forged_seal(at))


@tampering
def insert_a_version_in_the_midst(at):
    seal = forged_seal(at)
    place = at.chance.randint(1, seal["seq"] - 1)
    at.run("UPDATE trail_seal SET seq = -seq WHERE seq >= ?", place)
    at.run("UPDATE trail_seal SET seq = 1 - seq WHERE seq < 0")
    at.insert("trail_seal", seal | {"seq": place})


@tampering
def swap_two_seals(at):
    one, two = at.chance.sample([row["seq"] for row in at.rows("trail_seal")], 2)
    for old, new in ((one, -1), (two, one), (-1, two)):
        at.run("UPDATE trail_seal SET seq = ? WHERE seq = ?", new, old)


@tampering
def swap_two_versions(at):
    rows = at.rows("feedback_historicalfeedback", "words <> ''")
    one, two = at.chance.sample(rows, 2)
    while one["words"] == two["words"]:
        one, two = at.chance.sample(rows, 2)
    for row, source in ((one, two), (two, one)):
        at.change("feedback_historicalfeedback", "history_id", row, "words", source["words"])


@tampering
def cut_off_the_end(at):
    """At a checkpoint, with all that came after it: nothing in the database speaks against it."""
    sizes = [row["size"] for row in at.rows("trail_checkpoint")]
    cut_after(at, at.chance.choice(sizes[len(sizes) // 2 : -1]))


def cut_after(at, size):
    for sealed in reversed(at.rows("trail_seal", f"seq > {size}")):
        app, model = sealed["rtype"].split(".")
        table, live = f"{app}_historical{model}", f"{app}_{model}"
        if table not in at.histories():
            at.run(f'DELETE FROM "{live}" WHERE id = ?', sealed["history_id"])
            continue
        at.run(f'DELETE FROM "{table}" WHERE history_id = ?', sealed["history_id"])
        at.run(f'DELETE FROM "{live}" WHERE id = ?', sealed["rid"])
        for row in at.rows(table, f"id = {sealed['rid']} AND rev = {sealed['rev'] - 1}"):
            at.insert(live, {name: value for name, value in row.items() if not name.startswith("history_")})
    at.run("DELETE FROM trail_seal WHERE seq > ?", size)
    at.run("DELETE FROM trail_checkpoint WHERE size > ?", size)
    at.run("DELETE FROM trail_opening WHERE NOT EXISTS (SELECT 1 FROM trail_seal s WHERE s.rtype = trail_opening.rtype "
           "AND s.history_id = trail_opening.history_id)")  # fmt: skip


@tampering
def back_date(at):
    """Consistently: in the version, its history, its seal and the record."""
    table, live, kind, row = at.version()
    new = other(row["changed_at"]) if isinstance(row["changed_at"], str) else row["changed_at"] - timedelta(days=30)
    at.run(f'UPDATE "{table}" SET changed_at = ?, history_date = ? WHERE history_id = ?', new, new, row["history_id"])
    at.run("UPDATE trail_seal SET changed_at = ? WHERE rtype = ? AND history_id = ?", new, kind, row["history_id"])
    at.run(f'UPDATE "{live}" SET changed_at = ? WHERE id = ? AND rev = ?', new, row["id"], row["rev"])


@tampering
def seal_everything_anew_with_the_key(at):
    edit_a_version(at)
    at.reseal()


@tampering
def change_a_record_as_it_is(at):
    while True:
        table, live, _kind, row = at.version()
        column = at.chance.choice(["verb", "changed_at", "reference", "reason", "channel", "unit_id"])
        if row[column] is not None:
            break
    at.change(live, "id", row, column, other(row[column]))


@tampering
def delete_a_record_as_it_is(at):
    _table, live, _kind, row = at.version()
    at.run(f'DELETE FROM "{live}" WHERE id = ?', row["id"])


@tampering
def put_a_record_there(at):
    row = at.row("feedback_entry")
    [(last,)] = at.all("SELECT max(id) FROM feedback_entry")
    at.insert("feedback_entry", row | {"id": last + 1, "reference": "EN-2026-9999"})


@tampering
def swap_two_salts(at):
    one, two = at.chance.sample(at.rows("trail_opening", "salt IS NOT NULL"), 2)
    for row, source in ((one, two), (two, one)):
        at.change("trail_opening", "id", row, "salt", bytes(source["salt"]))


@tampering
def change_an_opening(at):
    row = at.row("trail_opening", "salt IS NOT NULL")
    column = at.chance.choice(["salt", "history_id", "rtype"])
    at.change("trail_opening", "id", row, column, other(row[column]))


@tampering
def change_kept_commitments(at):
    row = at.row("trail_opening", "commitments IS NOT NULL AND length(CAST(commitments AS text)) > 10")
    at.change("trail_opening", "id", row, "commitments", '{"name": "00", "words": "00", "text": "00"}')


@tampering
def delete_an_opening(at):
    at.run("DELETE FROM trail_opening WHERE id = ?", at.row("trail_opening")["id"])


@tampering
def empty_a_version_that_no_erasure_names(at):
    row = at.row("feedback_historicalentry", "text <> '(erased)' AND text <> ''")
    at.change("feedback_historicalentry", "history_id", row, "text", "")
    at.run("UPDATE feedback_entry SET text = '' WHERE id = ? AND rev = ?", row["id"], row["rev"])
    where = f"rtype = 'feedback.entry' AND history_id = {row['history_id']}"
    at.run(f"UPDATE trail_opening SET salt = NULL, commitments = '{{}}' WHERE {where}")


@tampering
def forge_an_erasure(at):
    empty_a_version_that_no_erasure_names(at)
    row = at.row("trail_erased")
    [(last,)] = at.all("SELECT max(id) FROM trail_erased")
    for place, one in enumerate(at.rows("feedback_entry"), last + 1):
        at.insert("trail_erased", row | {"id": place, "rtype": "feedback.entry", "rid": one["id"], "up_to_rev": 9})


@tampering
def change_an_erasure(at):
    table = at.chance.choice(["trail_erased", "trail_erasure"])
    row = at.row(table)
    column = at.chance.choice([name for name, value in row.items() if name != "id" and value is not None])
    at.change(table, "id", row, column, as_stored(other(row[column])))


@tampering
def delete_an_erasure(at):
    at.run("DELETE FROM trail_erased WHERE id = ?", at.row("trail_erased")["id"])


@tampering
def change_a_description(at):
    row = at.row("trail_schema", "id IN (SELECT schema_id FROM trail_seal)")
    column = at.chance.choice(["rtype", "digest", "columns"])
    told = as_stored(row["columns"]).replace('"is_personal": false', '"is_personal": true', 1)
    at.change("trail_schema", "id", row, column, told if column == "columns" else other(row[column]))


@tampering
def change_a_checkpoint(at):
    row = at.row("trail_checkpoint")
    column = at.chance.choice(["size", "root", "prev_root", "at", "signature", "key_id"])
    at.change("trail_checkpoint", "size", row, column, other(row[column]))


@tampering
def delete_a_checkpoint(at):
    at.run("DELETE FROM trail_checkpoint WHERE size = ?", at.row("trail_checkpoint")["size"])


@tampering
def change_a_key(at):
    row = at.row("trail_key")
    column = at.chance.choice([name for name, value in row.items() if value])
    at.change("trail_key", "fingerprint", row, column, other(row[column]))


@tampering
def delete_a_key(at):
    at.run("DELETE FROM trail_key WHERE fingerprint = ?", at.row("trail_key")["fingerprint"])


@tampering
def change_a_seal(at):
    row = at.row("trail_seal")
    column = at.chance.choice([name for name, value in row.items() if value not in (None, "")])
    at.change("trail_seal", "seq", row, column, 9_999 if column == "seq" else other(row[column]))


@tampering
def delete_a_seal(at):
    at.run("DELETE FROM trail_seal WHERE seq = ?", at.row("trail_seal")["seq"])


@tampering
def change_what_history_says_of_a_version(at):
    table, _live, _kind, row = at.version()
    column = at.chance.choice(["history_date", "history_type", "history_change_reason"])
    at.change(table, "history_id", row, column, "-" if column == "history_type" else other(row[column]))


@tampering
def change_or_delete_an_event(at):
    row = at.row("trail_securityevent", "id IN (SELECT history_id FROM trail_seal WHERE rtype = 'trail.securityevent')")
    if at.chance.random() < 0.5:
        at.run("DELETE FROM trail_securityevent WHERE id = ?", row["id"])
    else:
        at.change("trail_securityevent", "id", row, "verb", "signed out")


@tampering
def let_a_version_wait_again(at):
    seal = at.row("trail_seal")
    at.run("INSERT INTO trail_pending (rtype, history_id) VALUES (?, ?)", seal["rtype"], seal["history_id"])


@tampering
def let_a_ghost_wait(at):
    at.run("INSERT INTO trail_pending (rtype, history_id) VALUES ('feedback.feedback', 999999)")


@tampering
def take_a_trigger_away(at):
    if at.copy.is_sqlite:
        at.triggers.remove(at.chance.choice(at.triggers))
    else:
        name, table = at.chance.choice(postgres_triggers(at))
        at.run(f'DROP TRIGGER "{name}" ON "{table}"')


@tampering
def disarm_a_trigger(at):
    if at.copy.is_sqlite:
        name, sql = at.triggers.pop(at.chance.randrange(len(at.triggers)))
        at.triggers.append((name, sql[: sql.index("BEGIN")] + "WHEN 0 " + sql[sql.index("BEGIN") :]))
    else:
        name, table = at.chance.choice(postgres_triggers(at))
        at.run(f'ALTER TABLE "{table}" {at.chance.choice(["DISABLE", "ENABLE REPLICA"])} TRIGGER "{name}"')


def postgres_triggers(at):
    return at.all(
        "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE NOT t.tgisinternal AND left(t.tgname, 5) = 'keep_' ORDER BY 1, 2"
    )


@tampering
def take_a_table_away(at):
    table = at.chance.choice([*at.histories(), "trail_opening", "trail_seal"])
    at.triggers = [one for one in at.triggers if f'ON "{table}"' not in one[1] and f'"{table}"' not in one[1]]
    at.run(f'DROP TABLE "{table}"' + ("" if at.copy.is_sqlite else " CASCADE"))
