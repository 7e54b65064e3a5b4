from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates

from lambdas import blacklist_extract

CA_FILE = Path(blacklist_extract.__file__).with_name("rds-ca.pem")


def test_the_authorities_are_roots_of_rds_that_sign_themselves_and_have_not_expired() -> None:
    certificates = load_pem_x509_certificates(CA_FILE.read_bytes())
    assert len(certificates) > 80
    for certificate in certificates:
        certificate.verify_directly_issued_by(certificate)
        assert "Amazon RDS" in certificate.subject.rfc4514_string()
        assert certificate.not_valid_after_utc > datetime.now(UTC)


def test_the_usual_regions_are_among_them() -> None:
    text = CA_FILE.read_text(encoding="ascii")
    for region in ("us-east-1", "eu-central-1", "eu-west-1", "ap-southeast-2"):
        assert f"Amazon RDS {region} Root CA RSA2048 G1" in text
