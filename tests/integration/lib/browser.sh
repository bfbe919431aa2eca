# browser.sh - what the scripts that look at a page share: headless Chromium. Sourced after
# checks.sh.
# SPDX-License-Identifier: Apache-2.0

command -v chromium >/dev/null || wrong "chromium is not installed: contrib/setup.sh --test"

# browse FILE: loads the page; its DOM is in dom, what its console says in console, and the number
# of requests that it made, its own file aside, in requests. Nothing is resolved, so that neither
# the page nor the browser comes to any network.
browse() {
    HOME=$work timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run \
        --disable-background-networking --host-resolver-rules='MAP * ~NOTFOUND' \
        --user-data-dir="$work/profile" --log-net-log="$work/net.json" --enable-logging=stderr \
        --v=0 --dump-dom "file://$(realpath "$1")" >dom 2>browser.log ||
        wrong "chromium failed: $(tail -n 5 browser.log)"
    grep 'CONSOLE' browser.log >console || :
    grep -o '"initiator":"[^"]*"' net.json | grep -cv '"not an origin"' >requests || :
}

# width FILE PIXELS: how wide the page is, all of it unfolded, in a window of so many pixels. The
# page is looked at as a copy that may run a script, in a frame, for a window has a least width.
width() {
    python3 - "$1" "$2" >framed.html <<'END'
import html, re, sys
page = open(sys.argv[1]).read()
page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page, count=1)
page += """<script>
document.querySelectorAll("details").forEach(d => d.open = true);
parent.document.title = "width " + document.documentElement.scrollWidth;
</script>"""
print(f'<!DOCTYPE html><title>not measured</title><iframe width="{sys.argv[2]}" height="800" '
      f'style="border:0" srcdoc="{html.escape(page)}"></iframe>')
END
    browse framed.html
    sed -n 's/.*<title>width \([0-9]*\).*/\1/p' dom | head -n 1
}
