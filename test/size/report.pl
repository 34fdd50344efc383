#!/usr/bin/perl
# Prints what the library costs a microcontroller, for people, and writes it for machines:
# report.pl FOLDER JSON. FOLDER is the build for that target with its sizeof.o, the linker's maps of
# whole devices, and what stack.pl printed for them and for all.
use strict;
use warnings;

my ($folder, $json_file) = @ARGV;

# The data path promises to stay under this: by itself with any transform, and with mbedTLS beneath
# it in a device that speaks AES-GCM.
my $data_path_limit = 1536;
my $data_path       = qr/^adit_(?:esp|ipsec|sa|sad|spd|replay|pkt)_/;
my @floors = (
	[ 0, 'base' ], [ 1, 'crypto' ], [ 2, 'wire' ], [ 3, 'sa' ], [ 4, 'data' ], [ 5, 'ike' ],
	[ 6, 'ikev2' ], [ 7, 'front' ], [ 7, 'provider/mbedtls' ],
);

# ESP with one AEAD, both modes, SA database and replay window.
my $least_limit = 6144;

my @failures;

sub run {
	my ($command) = @_;
	open(my $in, '-|', $command) or die "$command: $!\n";
	my @lines = <$in>;
	close $in or die "$command failed\n";
	chomp @lines;
	return @lines;
}

# [text, data, bss] of every object in a folder, added up.
sub part {
	my ($name) = @_;
	my @sum = (0, 0, 0);
	my @objects = glob("$folder/lib/$name/*.o") or return @sum;
	for (run("arm-none-eabi-size @objects")) {
		my @sizes = /^\s*(\d+)\s+(\d+)\s+(\d+)/ or next;
		$sum[$_] += $sizes[$_] for 0 .. 2;
	}
	return @sum;
}

sub print_text {
	my (%text, @total);
	printf "%-28s %8s %8s %8s\n", 'Cortex-M4, gcc -Os, ADIT_BURST=1', 'text', 'data', 'bss';
	for (@floors) {
		my ($floor, $name) = @$_;
		my @sum = part($name) or next;
		printf "%d  %-25s %8d %8d %8d\n", $floor, $name, @sum;
		$text{$name} = $sum[0];
		$total[$_] += $sum[$_] for 0 .. 2;
	}
	printf "%-28s %8d %8d %8d\n\n", 'all', @total;
	$text{all} = $total[0];
	push @failures, 'writable data in the library' if $total[1] || $total[2];
	return \%text;
}

# What the linker kept for a whole device, by the archive it came from.
sub kept {
	my ($map) = @_;
	my (%sum, $section);
	open(my $in, '<', $map) or die "$map: $!\n";
	my $text = join '', <$in>;
	$text =~ s/^.*?^Linker script and memory map//ms;
	while ($text =~ /^ (\.\S+|COMMON)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+)/gm) {
		my ($name, $bytes, $from) = ($1, hex $2, $3);
		next if $name !~ /^(?:\.text|\.rodata|\.data|\.bss|COMMON)/;
		my $who  = $from =~ /libadit|ltrans/ ? 'adit' : $from =~ /libmbed/ ? 'mbedTLS' : 'rest';
		my $what = $name =~ /^(?:\.bss|COMMON)/ ? 'ram' : 'flash';
		$sum{$who}{$what} += $bytes;
	}
	return map { $sum{adit}{$_} || 0, $sum{mbedTLS}{$_} || 0, $sum{rest}{$_} || 0 } 'flash', 'ram';
}

sub print_devices {
	my ($text) = @_;
	my %devices = (
		esp  => 'ESP: SAD of two, by hand, AES-128-GCM',
		'esp-lto' => 'the same, -flto (with the device itself)',
		node => 'node: IKEv2 PSK, Curve25519, one tunnel',
	);
	printf "%-40s %8s %8s %8s %8s\n", 'a whole device', 'adit', 'mbedTLS', 'RAM', 'stack';
	for my $name (sort keys %devices) {
		my @sum   = kept("$folder/$name.map");
		my $ram   = $sum[3] + $sum[4] + $sum[5];
		my %stack = -e "$folder/$name.stack" ? read_stack("$folder/$name.stack") : (none => [0, 0]);
		my ($deepest) = sort { $b <=> $a } map { $_->[0] } values %stack;
		printf "%-40s %8d %8d %8d %8d\n", $devices{$name}, @sum[ 0, 1 ], $ram, $deepest;
		$text->{"$name device"}              = $sum[0];
		$text->{"$name device with mbedTLS"} = $sum[0] + $sum[1];
		check_data_path(0, %stack);
	}
	push @failures, "the least device is over $least_limit bytes" if $text->{'esp-lto device'} > $least_limit;
	print "RAM is static: mbedTLS 2.28 takes from its pool besides 280 bytes for each AES-GCM key and\n",
		"about 2.5 KB while a key exchange is computed.\n\n";
}

# Arrays named size_of_TYPE, and the contexts that the transform objects ask for.
sub print_sizes {
	my %size;
	for (run("arm-none-eabi-nm -S $folder/sizeof.o")) {
		$size{$2} = hex $1 if /^\w+ (\w+) \w size_of_(\w+)/;
	}
	my $at = delete($size{ctx_size_offset}) - 1;
	for my $object (glob "$folder/lib/provider/mbedtls/*.o") {
		my $context = contexts($object, $at);
		$size{"context of $_"} = $context->{$_} for keys %$context;
	}
	printf "%-44s %8s\n", 'RAM', 'bytes';
	printf "%-44s %8d\n", $_, $size{$_} for sort keys %size;
	print "\n";
	return \%size;
}

# The 16 bits at offset $at of each AEAD object in an object file.
sub contexts {
	my ($object, $at) = @_;
	my (%bytes, $name);
	for (run("arm-none-eabi-objdump -s $object")) {
		if (/^Contents of section (\S+):/) {
			$name = $1 =~ /^\.rodata\.(adit_mbedtls_(?:aes\d|chacha)\w+)$/ ? $1 : undef;
		} elsif ($name && /^ [0-9a-f]+ ([0-9a-f ]{35})/) {
			($bytes{$name} .= $1) =~ tr/ //d;
		}
	}
	return { map { $_ => unpack 'v', pack 'H4', substr $bytes{$_}, 2 * $at, 4 } keys %bytes };
}

# Bytes [with, without mbedTLS] by call.
sub read_stack {
	my ($path) = @_;
	open(my $in, '<', $path) or die "$path: $!\n";
	return map { /^(\w+) (\d+) (\d+)/ ? ($1 => [ $2, $3 ]) : () } <$in>;
}

sub check_data_path {
	my ($which, %stack) = @_;
	my @over = grep { $_ =~ $data_path && $stack{$_}[$which] > $data_path_limit } sort keys %stack;
	push @failures, "over $data_path_limit bytes of stack on the data path: @over" if @over;
}

sub print_stack {
	my %stack = read_stack("$folder/all.stack");
	printf "%-40s %8s %16s\n", 'worst stack of a call, any transform', 'bytes', 'without mbedTLS';
	printf "%-40s %8d %16d\n", $_, @{ $stack{$_} } for sort keys %stack;
	print "\n";
	check_data_path(1, %stack);
	return { map { $_ => $stack{$_}[0] } keys %stack };
}

sub json {
	my ($values) = @_;
	return '{' . join(', ', map { qq("$_": $values->{$_}) } sort keys %$values) . '}';
}

my $text = print_text();
print_devices($text);
my $sizes = print_sizes();
my $stack = print_stack();
open(my $out, '>', $json_file) or die "$json_file: $!\n";
printf $out "{\"text\": %s,\n \"sizeof\": %s,\n \"stack\": %s}\n", map { json($_) } $text, $sizes, $stack;
close $out or die "$json_file: $!\n";
die map { "size: $_\n" } @failures if @failures;
