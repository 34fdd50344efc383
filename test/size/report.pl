#!/usr/bin/perl
# Prints what the library costs a microcontroller, for people, and writes it for machines:
# report.pl FOLDER STACK JSON. FOLDER is the build for that target with its sizeof.o; STACK is what
# stack.pl printed.
use strict;
use warnings;

my ($folder, $stack_file, $json_file) = @ARGV;

# The data path promises to stay under this, the provider's own frames aside.
my $data_path_limit = 1536;
my @floors = (
	[ 0, 'base' ], [ 1, 'crypto' ], [ 2, 'wire' ], [ 3, 'sa' ], [ 4, 'data' ], [ 5, 'ike' ],
	[ 6, 'ikev2' ], [ 7, 'front' ], [ 7, 'provider/mbedtls' ],
);

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
	printf "%-28s %8s %8s %8s\n", 'Cortex-M4, -Os', 'text', 'data', 'bss';
	for (@floors) {
		my ($floor, $name) = @$_;
		my @sum = part($name) or next;
		printf "%d  %-25s %8d %8d %8d\n", $floor, $name, @sum;
		$text{$name} = $sum[0];
		$total[$_] += $sum[$_] for 0 .. 2;
	}
	printf "%-28s %8d %8d %8d\n\n", 'all', @total;
	$text{all} = $total[0];
	die "size: writable data in the library\n" if $total[1] || $total[2];
	return \%text;
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

sub print_stack {
	my (%stack, @over);
	open(my $in, '<', $stack_file) or die "$stack_file: $!\n";
	printf "%-32s %8s %16s\n", 'worst stack of a call', 'bytes', 'without mbedTLS';
	while (<$in>) {
		my ($call, $all, $own) = split;
		printf "%-32s %8d %16d\n", $call, $all, $own;
		$stack{$call} = $all + 0;
		push @over, $call if $call =~ /^adit_(esp|ipsec|sa|sad|spd|replay|pkt)_/ && $own > $data_path_limit;
	}
	print "\n";
	die "size: over $data_path_limit bytes of stack on the data path: @over\n" if @over;
	return \%stack;
}

sub json {
	my ($values) = @_;
	return '{' . join(', ', map { qq("$_": $values->{$_}) } sort keys %$values) . '}';
}

my $text  = print_text();
my $sizes = print_sizes();
my $stack = print_stack();
open(my $out, '>', $json_file) or die "$json_file: $!\n";
printf $out "{\"text\": %s,\n \"sizeof\": %s,\n \"stack\": %s}\n", map { json($_) } $text, $sizes, $stack;
close $out or die "$json_file: $!\n";
