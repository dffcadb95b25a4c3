//! Tests of suppressing.
