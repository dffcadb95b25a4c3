//! Settings that are missed at work.

use std::env;

fn alarm(text: &str) -> Result<(), Error> {
    let url = env::var("ALARM_URL").expect("ALARM_URL is set"); //~ admin::late-env
    post(&url, text)
}

struct Relay;

impl Relay {
    async fn region(&self) -> String {
        std::env::var("REGION").unwrap() //~ admin::late-env
    }
}
