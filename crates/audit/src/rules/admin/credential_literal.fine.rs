//! Addresses without secrets, or with none that anybody uses.

const CATALOG: &str = "postgres://db.constellation.aero/catalog";
const USER: &str = "postgres://catalog@db.constellation.aero/catalog";
const SHOWN: &str = "postgres://catalog:***@db.constellation.aero/catalog";
const HELP: &str = "postgres://user:password@host/database";
const OWN: &str = "postgres://dev:hunter22@localhost:5432/dev";
const TIME: &str = "at 12:30://never@noon";

fn url(password: &str) -> String {
    format!("postgres://catalog:{password}@db.constellation.aero/catalog")
}

const TEST_INGEST_TOKEN: &str = "a1b2c3d4e5f6g7h8";

const S3_SECRET_ACCESS_KEY: &str = "CATALOG_S3_SECRET_ACCESS_KEY";
