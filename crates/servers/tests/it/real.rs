//! What the answers of real servers mean, with three of each on this machine; skipped where one is not installed.

use constellation_lab::placement::client::Answer;

use crate::trio::Trio;

/// What a site writes is shown at every site, sooner or later.
fn shows_everywhere(server: &str, mode: &str) {
    let Some(mut trio) = Trio::start(server, mode) else { return };
    for writer in 0..3 {
        let (key, value) = (format!("own-{writer}"), 10 + writer as u64);
        assert_eq!(trio.write(writer, &key, value), Answer::DONE, "{server}/{mode} at site {writer}");
        for reader in 0..3 {
            let shown = Answer::shows([value]);
            let found = trio.read_until(reader, &key, &shown);
            assert_eq!(found, shown, "{server}/{mode}: written at site {writer}, read at site {reader}");
        }
    }
    assert_eq!(trio.read(0, "never-written"), Answer::Ok(vec![]), "{server}/{mode}");
}

#[test]
fn what_one_site_wrote_to_etcd_is_shown_everywhere() {
    shows_everywhere("etcd", "linearizable");
    shows_everywhere("etcd", "serializable");
}

#[test]
fn what_one_site_wrote_to_redis_is_shown_everywhere() {
    shows_everywhere("redis", "async-replica-reads");
    shows_everywhere("redis", "wait-2");
    shows_everywhere("redis", "min-replicas");
}

#[test]
fn what_one_site_wrote_to_redis_with_sentinel_is_shown_everywhere() {
    shows_everywhere("redis-sentinel", "wait-1");
}

#[test]
fn what_one_site_wrote_to_postgres_is_shown_everywhere() {
    shows_everywhere("postgres", "async-standby-reads");
    shows_everywhere("postgres", "any-1");
    shows_everywhere("postgres", "remote-apply-standby-reads");
}

#[test]
fn what_one_site_wrote_to_nats_is_shown_everywhere() {
    shows_everywhere("nats", "leader-get");
    shows_everywhere("nats", "direct-get");
}

fn is_unknown(answer: &Answer, words: &str) -> bool {
    matches!(answer, Answer::Unknown(reason) if reason.contains(words))
}

fn is_refused(answer: &Answer, words: &str) -> bool {
    matches!(answer, Answer::Refused(reason) if reason.contains(words))
}

#[test]
fn a_write_that_too_few_replicas_of_redis_confirm_is_unknown_and_there() {
    let Some(mut trio) = Trio::start("redis", "wait-1") else { return };
    trio.signal(1, "redis", "-STOP");
    trio.signal(2, "redis", "-STOP");
    let answer = trio.write(2, "k", 7);
    assert!(is_unknown(&answer, "and 0 of 1 replicas confirmed it within"), "{answer:?}");
    assert_eq!(trio.read(0, "k"), Answer::shows([7]));
}

#[test]
fn a_primary_of_redis_without_replicas_in_sync_refuses_a_write_and_does_not_do_it() {
    let Some(mut trio) = Trio::start("redis", "min-replicas") else { return };
    assert_eq!(trio.write(1, "k", 1), Answer::DONE);
    trio.signal(1, "redis", "-STOP");
    trio.signal(2, "redis", "-STOP");
    let mut values = 2..100;
    let refused = values.find_map(|value| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        Some((value, trio.write(1, "k", value))).filter(|(_, answer)| *answer != Answer::DONE)
    });
    let (value, answer) = refused.expect("it is refused within ten seconds");
    assert!(is_refused(&answer, "NOREPLICAS"), "{answer:?}");
    assert_eq!(trio.read(1, "k"), Answer::shows([value - 1]));
}

#[test]
fn a_server_that_is_gone_refuses_and_one_that_is_silent_leaves_unknown() {
    for (server, mode, name) in [
        ("etcd", "linearizable", "etcd"),
        ("redis", "async", "redis"),
        ("postgres", "async", "postgres"),
        ("nats", "leader-get", "nats"),
    ] {
        let Some(mut trio) = Trio::start(server, mode) else { continue };
        assert_eq!(trio.write(0, "k", 1), Answer::DONE, "{server}");
        trio.signal(0, name, "-STOP");
        let answer = trio.write(0, "k", 2);
        // A postgres that runs has children, and they answer without it: its sessions do not need it.
        let is_answered = server == "postgres" && answer == Answer::DONE;
        assert!(is_answered || is_unknown(&answer, "no answer from 127."), "{server}: {answer:?}");
        trio.signal(0, name, "-KILL");
        // The first may still come upon the old connection, and sessions of postgres outlive it by a moment.
        let refused = (3..103).map(|value| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            trio.write(0, "k", value)
        });
        let mut refused = refused.filter(|answer| matches!(answer, Answer::Refused(_)));
        let answer = refused.next().expect("whoever is gone refuses within a minute");
        assert!(is_refused(&answer, "could not connect to 127."), "{server}: {answer:?}");
    }
}

#[test]
fn a_minority_of_etcd_answers_serializable_reads_and_nothing_else() {
    for (mode, is_shown) in [("linearizable", false), ("serializable", true)] {
        let Some(mut trio) = Trio::start("etcd", mode) else { return };
        assert_eq!(trio.write(0, "k", 7), Answer::DONE);
        assert_eq!(trio.read_until(2, "k", &Answer::shows([7])), Answer::shows([7]));
        trio.signal(0, "etcd", "-KILL");
        trio.signal(1, "etcd", "-KILL");
        let answer = trio.write(2, "k", 8);
        assert!(matches!(answer, Answer::Unknown(_)), "{mode}: {answer:?}");
        let answer = trio.read(2, "k");
        assert_eq!(answer == Answer::shows([7]), is_shown, "{mode}: {answer:?}");
    }
}

#[test]
fn a_commit_of_postgres_that_no_standby_confirms_is_unknown_and_not_shown_until_one_does() {
    let Some(mut trio) = Trio::start("postgres", "any-1") else { return };
    assert_eq!(trio.write(1, "k", 1), Answer::DONE);
    trio.signal(1, "postgres", "-KILL");
    trio.signal(2, "postgres", "-KILL");
    // What receives the log is a child, which ends once it misses its parent; a commit may get through until then.
    let mut last = 1;
    let unknown = (2..20).find_map(|value| match trio.write(0, "k", value) {
        Answer::Unknown(reason) => Some(reason),
        answer => {
            assert_eq!(answer, Answer::DONE);
            last = value;
            None
        }
    });
    assert!(unknown.is_some_and(|reason| reason.contains("timed out")));
    assert_eq!(trio.read(0, "k"), Answer::shows([last]));
}

#[test]
fn another_primary_of_redis_is_found_by_sentinel() {
    let Some(mut trio) = Trio::start("redis-sentinel", "async") else { return };
    assert_eq!(trio.write(1, "k", 1), Answer::DONE);
    trio.signal(0, "redis", "-KILL");
    let done = (2..100).find(|value| {
        std::thread::sleep(std::time::Duration::from_millis(200));
        trio.write(1, "k", *value) == Answer::DONE
    });
    let value = done.expect("a replica is made primary within twenty seconds");
    // Sentinel of the other site hears of it a little later.
    assert_eq!(trio.read_until(2, "k", &Answer::shows([value])), Answer::shows([value]));
    // Killed and begun again it is still what it was made: else it would follow whoever follows it.
    let roles = [1, 2].map(|site| trio.file(site, "redis/redis.conf"));
    assert!(roles.iter().all(|role| role.contains("appendonly yes")), "{roles:?}");
    assert_eq!(roles.iter().filter(|role| !role.contains("replicaof")).count(), 1, "{roles:?}");
}
