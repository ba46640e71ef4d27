#!/bin/sh
# After an installation or an upgrade, on all distributions.
set -e

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	# Only a service that runs, with what the upgrade has brought.
	systemctl try-restart livechat_exporter.service || :
fi
