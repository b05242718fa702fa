from django.db import migrations

from linli.core import wall


class Migration(migrations.Migration):
    dependencies = [("notices", "0003_files"), ("core", "0002_wall")]

    operations = [
        wall.policied("notice_file", grant=wall.APPEND),
        # Whoever brings the bytes may answer for other doors than whoever took the photo, or for none any more.
        wall.public(
            "notice_file_bytes",
            "photos and voice notes sealed with the data keys; pages read them through notice_file, which is policied",
            grant=wall.WRITE,
        ),
        wall.public("notice_file_part", "pieces of such on their way, sealed with the data keys", grant=wall.FULL),
        # Sealed bytes do not compress: trying would cost time on every read and write.
        migrations.RunSQL(
            "ALTER TABLE notice_file_bytes ALTER content SET STORAGE EXTERNAL;"
            " ALTER TABLE notice_file_part ALTER data SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]
