"""More kinds of organisations: who is asked, who decides and who looks after the law.

Nothing changes for those that exist; the longest new word needs more room.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0008_fewer_indexes"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="organisation",
            name="organisation_kind_known",
        ),
        migrations.AlterField(
            model_name="organisation",
            name="kind",
            field=models.CharField(max_length=24),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "bank",
                            "payment",
                            "vasp",
                            "isp",
                            "police",
                            "prosecutor",
                            "fiu",
                            "public",
                            "foreign_bank",
                            "account_registry",
                            "acquirer",
                            "asset_office",
                            "banking_association",
                            "card_processor",
                            "central_authority",
                            "central_bank",
                            "cert",
                            "contact_24_7",
                            "court",
                            "foreign_fiu",
                            "foreign_provider",
                            "hosting",
                            "interpol_ncb",
                            "ministry",
                            "msb",
                            "platform",
                            "psp",
                            "registrar",
                            "registry",
                            "telecom",
                        ],
                    )
                ),
                name="organisation_kind_known",
            ),
        ),
    ]
