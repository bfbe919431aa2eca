# A zip file whose entries unpack to more than its folder holds.
# expect: exception|memory "Error"
import zipfile

with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
    for number in range(16):
        bomb.writestr(str(number), bytes(1 << 23))
with zipfile.ZipFile("bomb.zip") as bomb:
    bomb.extractall()
