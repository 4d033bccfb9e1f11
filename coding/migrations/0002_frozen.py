from __future__ import annotations

from django.db import migrations

from coding.frozen import freeze

PUBLISHED = (
    "EXISTS (SELECT 1 FROM coding_codebook b WHERE b.id = {row}.codebook_id"
    " AND b.published_at IS NOT NULL)"
)
IN_PUBLISHED = (
    "EXISTS (SELECT 1 FROM coding_entry e JOIN coding_codebook b ON b.id = e.codebook_id"
    " WHERE e.variable_id = {row}.id AND b.published_at IS NOT NULL)"
)
WORDED = (
    "EXISTS (SELECT 1 FROM coding_entry e JOIN coding_codebook b ON b.id = e.codebook_id"
    " WHERE e.id = {row}.entry_id AND b.published_at IS NOT NULL)"
)
CLOSED = "a published codebook cannot change"
ALL = ("INSERT", "UPDATE", "DELETE")


class Migration(migrations.Migration):
    dependencies = [("coding", "0001_initial")]
    operations = [
        freeze("coding_codebook", ("UPDATE", "DELETE"), "{row}.published_at IS NOT NULL", CLOSED),
        freeze("coding_entry", ALL, PUBLISHED, CLOSED),
        freeze("coding_missingcode", ALL, PUBLISHED, CLOSED),
        freeze("coding_variable", ("UPDATE", "DELETE"), IN_PUBLISHED, CLOSED),
        freeze("coding_category", ALL, WORDED, CLOSED),
    ]
