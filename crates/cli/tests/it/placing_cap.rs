//! `constellation place --cap`: the run in which a store breaks one of two promises, as a timeline.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, check, text};

#[test]
fn the_lost_messages_and_the_promise_are_told_with_the_timeline() {
    check(
        &["place", "--cap", "quorum"],
        expect![[r#"
        exit 0
        --- out
        quorum:n=3,r=2,w=2,repair=off  67 runs made, nothing assumed
          partition  If 1 message from pacific to atlantic and 1 from pacific to indian are lost, the write
                     at pacific is not answered, though pacific runs.
          fewest     With fewer messages lost no run breaks a promise: all were made.

          ✗ broken   every request to a running site is answered, within 1 s
          ✓ kept     what is answered is linearizable

            1.000s  e0  tester   a client of pacific: write x = 1
            1.000s  e1  pacific  write x = 1
            1.000s               m1 from pacific to atlantic (e1: write x = 1) is lost
            1.000s               m2 from pacific to indian (e1: write x = 1) is lost
            2.000s  e2  tester   the client of pacific gives up: no answer within 1 s"#]],
    );
    check(
        &["place", "--cap", "quorum:r=1,w=1"],
        expect![[r#"
        exit 0
        --- out
        quorum:n=3,r=1,w=1,repair=off  14 runs made, nothing assumed
          without    No partition is needed: with no message lost, a read at atlantic does not show, right
                     after its acknowledgement, the write at pacific.
          partition  If 1 message from pacific to atlantic is lost, a read at atlantic does not show, 300.0
                     ms after its acknowledgement, the write at pacific.
          fewest     With fewer messages lost no run breaks a promise: all were made.

          ✓ kept     every request to a running site is answered, within 1 s
          ✗ broken   what is answered is linearizable
            expected  each operation takes effect at one moment between its beginning and its end
            found     atlantic-1 r(x,nil) reads as x the initial value, which pacific-0 w(x,1) had overwritten before it began
            events        pacific-0  atlantic-1
                      e0  w(x,1)
                      e2             r(x,nil)
            proof     e0 w(x,1) → e2 r(x,nil)   over before the other begins
                      e2 r(x,nil) → e0 w(x,1)   it reads an older x

            1.000s  e0  tester    a client of pacific: write x = 1
            1.000s  e1  pacific   write x = 1
            1.000s                m2 from pacific to atlantic (e1: write x = 1) is lost
            1.000s  e2  tester    pacific answers the write: done
            1.010s  e3  indian    store
            1.020s  e4  pacific   stored
            1.300s  e5  tester    a client of atlantic: read x
            1.300s  e6  atlantic  read x
            1.300s  e7  tester    atlantic answers the read: x holds nothing"#]],
    );
    check(
        &["place", "--cap", "leader:sync=one,failover=majority"],
        expect![[r#"
        exit 0
        --- out
        leader:sync=one,reads=leader,failover=majority  51 runs made, nothing assumed
          partition  If 1 message from atlantic to pacific is lost, the read at atlantic is not answered,
                     though atlantic runs.
          fewest     With fewer messages lost no run breaks a promise: all were made.

          ✗ broken   every request to a running site is answered, within 1 s
          ✓ kept     what is answered is linearizable

            1.000s  e100  pacific   sends m80 to atlantic, m81 to indian
            1.000s  e101  tester    a client of pacific: write x = 1
            1.000s  e102  pacific   write x = 1
            1.010s  e103  atlantic  beat
            1.010s  e104  indian    beat
            1.010s  e105  atlantic  append
            1.010s  e106  indian    append
            1.020s  e107  pacific   heard
            1.020s  e108  pacific   heard
            1.020s  e109  pacific   appended
            1.020s  e110  pacific   appended
            1.020s  e111  tester    pacific answers the write: done
            1.050s  e112  pacific   sends m90 to atlantic, m91 to indian
            1.060s  e113  atlantic  beat
            1.060s  e114  indian    beat
            1.070s  e115  pacific   heard
            1.070s  e116  pacific   heard
            1.100s  e117  pacific   sends m94 to atlantic, m95 to indian
            1.110s  e118  atlantic  beat
            1.110s  e119  indian    beat
            1.120s  e120  pacific   heard
            1.120s  e121  pacific   heard
            1.150s  e122  pacific   sends m98 to atlantic, m99 to indian
            1.160s  e123  atlantic  beat
            1.160s  e124  indian    beat
            1.170s  e125  pacific   heard
            1.170s  e126  pacific   heard
            1.200s  e127  pacific   sends m102 to atlantic, m103 to indian
            1.210s  e128  atlantic  beat
            1.210s  e129  indian    beat
            1.220s  e130  pacific   heard
            1.220s  e131  pacific   heard
            1.250s  e132  pacific   sends m106 to atlantic, m107 to indian
            1.260s  e133  atlantic  beat
            1.260s  e134  indian    beat
            1.270s  e135  pacific   heard
            1.270s  e136  pacific   heard
            1.300s  e137  pacific   sends m110 to atlantic, m111 to indian
            1.310s  e138  atlantic  beat
            1.310s  e139  indian    beat
            1.320s  e140  pacific   heard
            1.320s  e141  pacific   heard
            1.320s  e142  tester    a client of atlantic: read x
            1.320s  e143  atlantic  read x
            1.320s                  m115 from atlantic to pacific (e143: read x) is lost
            1.350s  e144  pacific   sends m116 to atlantic, m117 to indian
            1.360s  e145  atlantic  beat
            1.360s  e146  indian    beat
            1.370s  e147  pacific   heard
            1.370s  e148  pacific   heard
            1.400s  e149  pacific   sends m120 to atlantic, m121 to indian
            1.410s  e150  atlantic  beat
            1.410s  e151  indian    beat
            1.420s  e152  pacific   heard
            1.420s  e153  pacific   heard
            1.450s  e154  pacific   sends m124 to atlantic, m125 to indian
            1.460s  e155  atlantic  beat
            1.460s  e156  indian    beat
            1.470s  e157  pacific   heard
            1.470s  e158  pacific   heard
            1.500s  e159  pacific   sends m128 to atlantic, m129 to indian
            1.510s  e160  atlantic  beat
            1.510s  e161  indian    beat
            1.520s  e162  pacific   heard
            1.520s  e163  pacific   heard
            1.550s  e164  pacific   sends m132 to atlantic, m133 to indian
            1.560s  e165  atlantic  beat
            1.560s  e166  indian    beat
            1.570s  e167  pacific   heard
            1.570s  e168  pacific   heard
            1.600s  e169  pacific   sends m136 to atlantic, m137 to indian
            1.610s  e170  atlantic  beat
            1.610s  e171  indian    beat
            1.620s  e172  pacific   heard
            1.620s  e173  pacific   heard
            1.650s  e174  pacific   sends m140 to atlantic, m141 to indian
            1.660s  e175  atlantic  beat
            1.660s  e176  indian    beat
            1.670s  e177  pacific   heard
            1.670s  e178  pacific   heard
            1.700s  e179  pacific   sends m144 to atlantic, m145 to indian
            1.710s  e180  atlantic  beat
            1.710s  e181  indian    beat
            1.720s  e182  pacific   heard
            1.720s  e183  pacific   heard
            1.750s  e184  pacific   sends m148 to atlantic, m149 to indian
            1.760s  e185  atlantic  beat
            1.760s  e186  indian    beat
            1.770s  e187  pacific   heard
            1.770s  e188  pacific   heard
            1.800s  e189  pacific   sends m152 to atlantic, m153 to indian
            1.810s  e190  atlantic  beat
            1.810s  e191  indian    beat
            1.820s  e192  pacific   heard
            1.820s  e193  pacific   heard
            1.850s  e194  pacific   sends m156 to atlantic, m157 to indian
            1.860s  e195  atlantic  beat
            1.860s  e196  indian    beat
            1.870s  e197  pacific   heard
            1.870s  e198  pacific   heard
            1.900s  e199  pacific   sends m160 to atlantic, m161 to indian
            1.910s  e200  atlantic  beat
            1.910s  e201  indian    beat
            1.920s  e202  pacific   heard
            1.920s  e203  pacific   heard
            1.950s  e204  pacific   sends m164 to atlantic, m165 to indian
            1.960s  e205  atlantic  beat
            1.960s  e206  indian    beat
            1.970s  e207  pacific   heard
            1.970s  e208  pacific   heard
            2.000s  e209  pacific   sends m168 to atlantic, m169 to indian
            2.010s  e210  atlantic  beat
            2.010s  e211  indian    beat
            2.020s  e212  pacific   heard
            2.020s  e213  pacific   heard
            2.050s  e214  pacific   sends m172 to atlantic, m173 to indian
            2.060s  e215  atlantic  beat
            2.060s  e216  indian    beat
            2.070s  e217  pacific   heard
            2.070s  e218  pacific   heard
            2.100s  e219  pacific   sends m176 to atlantic, m177 to indian
            2.110s  e220  atlantic  beat
            2.110s  e221  indian    beat
            2.120s  e222  pacific   heard
            2.120s  e223  pacific   heard
            2.150s  e224  pacific   sends m180 to atlantic, m181 to indian
            2.160s  e225  atlantic  beat
            2.160s  e226  indian    beat
            2.170s  e227  pacific   heard
            2.170s  e228  pacific   heard
            2.200s  e229  pacific   sends m184 to atlantic, m185 to indian
            2.210s  e230  atlantic  beat
            2.210s  e231  indian    beat
            2.220s  e232  pacific   heard
            2.220s  e233  pacific   heard
            2.250s  e234  pacific   sends m188 to atlantic, m189 to indian
            2.260s  e235  atlantic  beat
            2.260s  e236  indian    beat
            2.270s  e237  pacific   heard
            2.270s  e238  pacific   heard
            2.300s  e239  pacific   sends m192 to atlantic, m193 to indian
            2.310s  e240  atlantic  beat
            2.310s  e241  indian    beat
            2.320s  e242  pacific   heard
            2.320s  e243  pacific   heard
            2.320s  e244  tester    the client of atlantic gives up: no answer within 1 s"#]],
    );
}

#[test]
fn a_script_is_told_which_messages_are_lost() {
    let output = Bench::new(&[]).run(&["place", "--cap", "quorum", "leader:sync=all", "--json"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(found["schema"], "constellation/place/1");
    expect![[r#"
        {
          "store": "quorum:n=3,r=2,w=2,repair=off",
          "told": "if 1 message from pacific to atlantic and 1 from pacific to indian are lost, the write at pacific is not answered, though pacific runs",
          "runs": 67,
          "without_loss": null,
          "with_losses": {
            "told": "if 1 message from pacific to atlantic and 1 from pacific to indian are lost, the write at pacific is not answered, though pacific runs",
            "broken": "answered",
            "is_smallest": true,
            "lost": [
              {
                "from": "pacific",
                "to": "atlantic",
                "nth": 0
              },
              {
                "from": "pacific",
                "to": "indian",
                "nth": 0
              }
            ],
            "operations": [
              {
                "site": "pacific",
                "client": 0,
                "call": "write x = \"1\"",
                "begun_us": 1000000,
                "ended_us": 2000000,
                "completion": "unknown: no answer within 1 s"
              }
            ]
          }
        }"#]].assert_eq(&serde_json::to_string_pretty(&found["stores"][0]).expect("it is JSON"));
    assert_eq!(found["stores"][1]["store"], "leader:sync=all,reads=leader,failover=off");
}

#[test]
fn what_cannot_be_run_is_refused() {
    let refused = [
        (
            &["place", "--cap"][..],
            expect![[r#"
            exit 2
            --- talk
            error: the following required arguments were not provided:
              <STORE|SYSTEM>...

            Usage: constellation place --cap <STORE|SYSTEM>...

            For more information, try '--help'."#]],
        ),
        (
            &["place", "--cap", "cassandra"],
            expect![[r#"
            exit 2
            --- talk
            error: --cap runs a store, and cassandra is declared, not measured
            help: the stores are leader, quorum, consensus"#]],
        ),
        (
            &["place", "--cap", "qorum"],
            expect![[r#"
            exit 2
            --- talk
            error: no store and no declared system is called `qorum`
            help: did you mean `quorum`?"#]],
        ),
        (
            &["place", "--cap", "quorum", "--require", "PA"],
            expect![[r#"
            exit 2
            --- talk
            error: the argument '--cap' cannot be used with '--require <CELL|FILE>'

            Usage: constellation place --cap <STORE|SYSTEM>...

            For more information, try '--help'."#]],
        ),
    ];
    for (args, expected) in refused {
        check(args, expected);
    }
}
