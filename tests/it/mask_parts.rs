//! Tests that a masked report hides numbers which a layout makes of several columns as it hides those of one.

use std::fs;

use claimlint::claim::line::kept::IdKind;

use crate::kit::mask;
use crate::mask::TestDir;

/// A claim or member number that a layout makes of several columns is hidden by itself, too, whether or not a bar joins them.
/// The provider's number in it is shown, as that of the provider's column is.
#[test]
fn the_parts_of_a_number_are_numbers_of_the_run() {
    let dir = TestDir::new();
    let rows = "NO,SFX,GRP,MEM,PROD,POS,SD,HCPCS,DX1,DX2,PAID,NPI,ST
E24100744,01,GRP7788,M1234567,PPO E24100744,24,2024-05-02,22513,M5450,,100,1111111112,PAID
E24100745,01,GRP7788,54Z21,PPO M1234567,24,2024-05-02,22513,M5450,E24100744,100,1111111112,E24100745
E24100746,01,GRP7788,M1234569,PPO 54Z21,24,2024-05-02,22513,M5450,GRP7788,100,1111111112,E2410074601
";
    fs::write(dir.0.path().join("parts.csv"), rows).expect("room for it");
    for way in ["join", "concat"] {
        let layout = format!(
            "name = \"parts\"\ntitle = \"x\"\nsource = \"x\"\nvalid = \"2024\"\n[columns]\nclaim_id = {{ {way} = [\"NPI\", \"NO\", \"SFX\"] }}\n\
             member_id = {{ {way} = [\"GRP\", \"MEM\"] }}\nproduct = \"PROD\"\nplace_of_service = \"POS\"\nservice_date = \"SD\"\n\
             procedure_code = \"HCPCS\"\ndiagnosis = \"DX{{1..2}}\"\npaid_amount = \"PAID\"\nbilling_npi = \"NPI\"\nclaim_status = \"ST\"\n"
        );
        fs::write(dir.0.path().join("parts.toml"), layout).expect("room for it");
        let check = ["check", "parts.csv", "--layout", "parts.toml", "--mask", "key", "--format", "all", "--out", way];
        let output = dir.run(&check);
        assert_eq!(output.code, Some(0), "{}", output.err);
        let mut texts = dir.texts(way);
        texts.push(("terminal".to_owned(), output.out + &output.err));
        for (name, text) in &texts {
            for id in ["E2410074", "M123456", "54Z21", "GRP7788"] {
                assert!(!text.contains(id), "{way}: {name} holds {id}");
            }
        }
        let services = dir.table(&format!("{way}/services.csv"));
        let (product, npi) = (services.column("product"), services.column("billing_npi"));
        let mask = mask();
        let labels = [(IdKind::Claim, "E24100744"), (IdKind::Member, "M1234567"), (IdKind::Member, "54Z21")];
        for (row, (kind, id)) in services.rows.iter().zip(labels) {
            assert_eq!(row[product], format!("PPO {}", mask.token(kind, id)), "{way}");
            assert_eq!(row[npi], "1111111112", "{way}");
        }
    }
}
