//! A context says what a client has seen of one key, on the way to him and back, and replaces nothing else.

use constellation_clock::bytes::{Limits, Wire};
use constellation_clock::{Catalog, Context};
use expect_test::expect;

const KEY: &str = "MSS-17";

#[test]
fn a_context_survives_the_way_to_a_client_and_back() {
    let mut pacific = Catalog::new("pacific");
    pacific.put(KEY, 1, &Context::default()).expect("honest");
    let context = pacific.get(KEY).context;
    assert_eq!(Context::decode(&context.encode(), &Limits::STANDARD), Ok(context.clone()));
    assert!(context.has_seen(&pacific.latest_write().expect("there is one")));
    assert_eq!(Context::decode(&Context::default().encode(), &Limits::STANDARD), Ok(Context::default()));
    let bytes = context.encode();
    for end in 0..bytes.len() {
        assert!(Context::decode(&bytes[..end], &Limits::STANDARD).is_err(), "cut after {end} bytes");
    }
    assert!(Context::decode(&context.stamp().encode(), &Limits::STANDARD).is_err(), "a stamp is no context");
    // One that has seen more of us than there is comes from somebody who shares our name.
    let mut namesake = Catalog::new("pacific");
    (0..2).for_each(|write| drop(namesake.put(KEY, write, &Context::default()).expect("it cannot know")));
    assert!(pacific.put(KEY, 2, &namesake.get(KEY).context).is_err());
}

#[test]
fn a_context_of_another_key_replaces_nothing() {
    let mut pacific = Catalog::new("pacific");
    pacific.put("MSS-17", "roll 2", &Context::default()).expect("honest");
    pacific.put("MSS-23", "thrust", &Context::default()).expect("honest");
    let before = pacific.clone();
    let other = pacific.get("MSS-23").context;
    let refused = [
        pacific.put("MSS-17", "roll 9", &other).expect_err("it was read elsewhere"),
        pacific.resolve("MSS-17", "roll 9", &other).expect_err("it was read elsewhere"),
        pacific.put("MSS-17", "roll 9", &pacific.clone().get("MSS-99").context).expect_err("elsewhere"),
    ];
    expect![[r#"the context was read under "MSS-23", not under "MSS-17""#]]
        .assert_eq(&refused[1].to_string());
    assert_eq!(refused[0], refused[1]);
    assert_eq!(pacific, before);
    let back = Context::decode(&other.encode(), &Limits::STANDARD).expect("it was encoded");
    assert_eq!(back.key(), Some("MSS-23"), "the key travels with it");
    assert!(pacific.put("MSS-23", "thrust 2", &back).is_ok());
}
