//! Which servers are meant, and in which modes.

use anyhow::bail;
use constellation_lab::placement::{STORES, Store};
use constellation_lab::words::one_line;
use constellation_servers::server::{Mode, Server};
use constellation_servers::servers::specimen::Specimen;
use constellation_servers::servers::{SERVERS, find};
use constellation_trace::ids::nearest;

/// A server in one of its modes.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) server: Box<dyn Server>,
    pub(super) mode: Mode,
}

/// What is named: a server, with all its modes or one behind a slash, or a simulated store.
pub(super) fn of(names: &[String]) -> anyhow::Result<Vec<Target>> {
    let mut targets = Vec::new();
    for text in names {
        if is_store(text) {
            let store: Store = text
                .parse()
                .map_err(|error| super::super::targets::wrong_setting(store_name(text), &error))?;
            if store.sites != constellation_servers::place::SITES {
                bail!(
                    "`{store}` is at {} sites, and a server is placed at three\nhelp: leave `sites` out",
                    store.sites
                );
            }
            let server = Specimen(store);
            let mode = server.info().modes.remove(0);
            targets.push(Target { server: Box::new(server), mode });
            continue;
        }
        let (name, mode) = text.split_once('/').map_or((&**text, None), |(name, mode)| (name, Some(mode)));
        let Some(server) = find(name) else { bail!("{}", unknown(name)) };
        let info = server.info();
        let modes = match mode {
            None => info.modes.clone(),
            Some(mode) => match info.mode(mode) {
                Some(mode) => vec![mode.clone()],
                None => bail!("{}", unknown_mode(name, mode, &info.modes)),
            },
        };
        targets.extend(modes.into_iter().map(|mode| Target { server: Box::new(server), mode }));
    }
    Ok(targets)
}

fn store_name(text: &str) -> &str {
    text.split_once(':').map_or(text, |(name, _)| name).trim()
}

fn is_store(text: &str) -> bool {
    STORES.iter().any(|store| store.name == store_name(text))
}

fn unknown(name: &str) -> String {
    let servers: Vec<String> = SERVERS.iter().map(|server| server.info().name).collect();
    let known = servers.iter().map(String::as_str).chain(STORES.iter().map(|store| store.name));
    let advice = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`constellation place --real` lists them".to_owned(),
    };
    format!("no server that can be placed is called `{}`\nhelp: {advice}", one_line(name))
}

fn unknown_mode(name: &str, mode: &str, modes: &[Mode]) -> String {
    let known: Vec<&str> = modes.iter().map(|mode| &*mode.name).collect();
    format!("{name} has no mode `{}`\nhelp: its modes are {}", one_line(mode), known.join(", "))
}
