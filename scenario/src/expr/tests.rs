use super::*;
use crate::files::NoFiles;
use crate::json;

struct OneFile;

impl Files for OneFile {
    fn read(&self, path: &str) -> Result<Bytes, String> {
        match path {
            "a|b" => Ok(b"hello!".to_vec()),
            "c.mxsc.json" => Ok(br#"{"size": 3, "code": "0061ff"}"#.to_vec()),
            _ => Err(format!("open {path}: missing")),
        }
    }
}

fn eval(text: &str) -> Result<Bytes, String> {
    Interpreter::new(&OneFile)
        .string(text)
        .map_err(|error| error.to_string())
}

fn padded(zeros: usize, name: &str, last: Option<u8>) -> Bytes {
    let mut bytes = vec![b'_'; 32];
    bytes[..zeros].fill(0);
    bytes[zeros..zeros + name.len()].copy_from_slice(name.as_bytes());
    if let Some(last) = last {
        bytes[31] = last;
    }
    bytes
}

#[test]
fn expressions_have_their_values() {
    let long = "1234567890123456789012345678901234567890";
    let table: &[(&str, Bytes)] = &[
        ("", vec![]),
        ("false", vec![]),
        ("true", vec![1]),
        ("``abc", b"abc".to_vec()),
        ("''", vec![]),
        ("'''", b"'".to_vec()),
        ("str: |0x62", b" b".to_vec()),
        ("address:", padded(0, "", None)),
        ("address:a", padded(0, "a", None)),
        ("address:an_address#99", padded(0, "an_address", Some(0x99))),
        ("sc:a#44", padded(8, "a", Some(0x44))),
        ("0x1234", vec![0x12, 0x34]),
        ("0X0", vec![0]),
        ("0x", vec![]),
        ("0x0012", vec![0, 0x12]),
        ("0x123", vec![1, 0x23]),
        ("0x12_34,56", vec![0x12, 0x34, 0x56]),
        ("0", vec![]),
        ("1,000_000", vec![0x0f, 0x42, 0x40]),
        ("0b1_01", vec![5]),
        ("-1", vec![0xff]),
        ("+255", vec![0, 0xff]),
        ("+0", vec![]),
        ("-0", vec![]),
        ("-256", vec![0xff, 0]),
        ("-0b101", vec![0xfb]),
        ("+0xff", vec![0, 0xff]),
        ("u16:0x12", vec![0, 0x12]),
        ("u64:0b101", vec![0, 0, 0, 0, 0, 0, 0, 5]),
        ("i8:255", vec![0xff]),
        ("i8:-128", vec![0x80]),
        ("i64:-256", vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]),
        ("i16:+255", vec![0, 0xff]),
        ("biguint:0", vec![0, 0, 0, 0]),
        ("biguint:0x01ff", vec![0, 0, 0, 2, 1, 0xff]),
        ("nested:-1", vec![0, 0, 0, 1, 0xff]),
        ("nested:nested:", vec![0, 0, 0, 4, 0, 0, 0, 0]),
        ("|||0x01|5||||", vec![1, 5]),
        (
            "i64:-1|u8:0",
            vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
        ),
        ("file:a|b", b"hello!".to_vec()),
        ("file:", vec![]),
        ("mxsc:c.mxsc.json", vec![0, 0x61, 0xff]),
        (
            "bech32:erd1qqqqqqqqqqqqqqqpqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzllls8a5w6u",
            {
                let mut system = vec![0; 32];
                system[9] = 1;
                system[29] = 2;
                system[30..].fill(0xff);
                system
            },
        ),
    ];
    for (text, expected) in table {
        assert_eq!(eval(text).as_ref(), Ok(expected), "{text}");
    }
    assert_eq!(eval(&format!("address:{long}")).unwrap(), long.as_bytes()[..32]);
    assert_eq!(
        eval(&format!("sc:{long}#88")).unwrap(),
        [&[0; 8], &long.as_bytes()[..23], &[0x88]].concat()
    );
}

#[test]
fn keccak_hashes_the_whole_rest() {
    let expected = eval("0x19efaebcc296cffac396adb4a60d54c05eff43926a6072498a618e943908efe1");
    assert_eq!(
        eval("keccak256:1|0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b000000000000000000000000"),
        expected
    );
    assert_eq!(eval("keccak256:``a|0x62"), eval("keccak256:str:ab"));
}

#[test]
fn wrong_expressions_are_told_in_the_reference_s_words() {
    for (text, expected) in [
        ("abc", "could not parse base 10 value: abc"),
        ("1__x", "could not parse base 10 value: 1__x"),
        ("i8:", "could not parse base 10 value: "),
        ("0b12", "could not parse binary value: 0b12"),
        ("0b", "could not parse binary value: 0b"),
        ("u8:256", "representation of 256 does not fit in 1 bytes"),
        ("u8:-1", "negative numbers not allowed in this context: -1"),
        ("--1", "negative numbers not allowed in this context: -1"),
        ("i8:+255", "representation of 255 does not fit in 1 bytes"),
        ("i8:-129", "representation of -129 does not fit in 1 bytes"),
        ("biguint:-0x01", "could not parse base 10 value: -0x01"),
        ("0xgg", "encoding/hex: invalid byte: U+0067 'g'"),
        (
            "keccak256:z",
            "cannot parse keccak256 argument: could not parse base 10 value: z",
        ),
        (
            "address:a#b#c",
            "only one shard id separator allowed in address expression. Got: `a#b#c`",
        ),
        (
            "address:a#b",
            "could not parse address shard id: encoding/hex: odd length hex string",
        ),
        ("address:a#0102", "bad address shard id length: 0102"),
        ("file:nothing", "open nothing: missing"),
        (
            "bech32:erd1qqqqqqqqqqqqqqqpqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzllls8a5w6q",
            {
                "invalid bech32 address \
             erd1qqqqqqqqqqqqqqqpqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzllls8a5w6q: wrong checksum"
            },
        ),
    ] {
        assert_eq!(eval(text), Err(expected.to_owned()), "{text}");
    }
    assert_eq!(
        Interpreter::new(&NoFiles).string("file:x"),
        Err(ExprError::new("parser FileResolver not provided"))
    );
    assert!(eval(&"nested:".repeat(100_000)).is_err());
}

#[test]
fn trees_concatenate_lists_in_order_and_maps_by_key() {
    let tree = |text| {
        let node = json::parse(text).unwrap();
        Interpreter::new(&NoFiles)
            .tree(&node.json)
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        tree(r#"["''part1", ["''-", []], "''part2"]"#),
        Ok(b"part1-part2".to_vec())
    );
    assert_eq!(tree(r#"{"b": "2", "a": ["u16:1"], "c": {}}"#), Ok(vec![0, 1, 2]));
    assert_eq!(
        tree("true"),
        Err("cannot interpret given JSON subtree as value".to_owned())
    );
}

#[test]
fn bytes_are_shown_as_expressions() {
    let hash = eval("keccak256:str:metadata_hash").unwrap();
    let table: &[(&[u8], Hint, &str)] = &[
        (b"", Hint::None, ""),
        (b"key-c", Hint::None, "0x6b65792d63 (str:key-c)"),
        (&[1, 0], Hint::None, "0x0100 (256)"),
        (
            &hash,
            Hint::None,
            "0x54e3ea4bdef3b22154767a2cae081fca2bec2eae1ec62ee71308cb2a300d675d \
             (str:\"T\\xe3\\xeaK\\xde\\xf3\\xb2!Tvz,\\xae\\b\\x1f\\xca+\\xec.\\xae\\x1e\\xc6.\\xe7\\x13\\b\\xcb*0\\rg]\")",
        ),
        (&[1, 0], Hint::Number, "256"),
        (b"", Hint::Number, "0"),
        (b"a b", Hint::Str, "str:a b"),
        (b"short", Hint::Address, "0x73686f7274 (str:short)"),
        (&padded(0, "a", None), Hint::Address, "address:a"),
        (&padded(0, "a", Some(5)), Hint::Address, "address:a#05"),
        (&padded(8, "a", None), Hint::Address, "sc:a"),
        (&padded(8, "a", Some(5)), Hint::Address, "sc:a#5"),
        (&[0; 10], Hint::Code, "0x00000000000000000000"),
        (&[0; 11], Hint::Code, "0x00000000000000000000..."),
        (b"", Hint::Code, ""),
    ];
    for (bytes, hint, expected) in table {
        assert_eq!(reconstruct(bytes, *hint), *expected, "{bytes:?}");
    }
}
