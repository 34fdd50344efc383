#!/usr/bin/perl
# Builds the simulator with one deliberately broken file of lib/ after the other, and runs seeds
# until a rule is broken: run.pl FOLDER COMPILE LINK SEEDS JOBS [NAME...]. COMPILE lacks a source,
# -o and an object; LINK has the words OBJECT and PROGRAM in it. A mutant is a text file here:
#
#   # why it is wrong
#   file lib/...
#   rule N              of ../README.md, that it breaks
#   --- old             words that stand in the file exactly once
#   --- new             what stands there instead
#   --- end             or further pairs of old and new before it
#
# One that no seed finds within SEEDS, or that ends the simulator before it says which rule is
# broken, has failed; so has one whose words are no more, and a rule that no mutant breaks.
use strict;
use warnings;
use File::Basename qw(basename dirname);
use File::Path qw(make_path);
use Time::HiRes qw(time);

my ($folder, $compile, $link, $seeds, $jobs, @names) = @ARGV;
my $here = dirname($0);

# Seconds after which a mutant is taken to stand still.
my $patience = 150;

sub slurp {
	my ($path) = @_;
	open(my $in, '<', $path) or die "$path: $!\n";
	local $/;
	my $text = <$in>;
	close $in;
	return $text;
}

sub read_mutant {
	my ($name) = @_;
	my %m = (name => $name, edits => []);
	my $part = '';
	for my $line (split /^/, slurp("$here/$name.mutant")) {
		if    ($line =~ /^--- (old|new|end)$/)         { $part = $1; push @{ $m{edits} }, { old => '', new => '' } if $part eq 'old'; }
		elsif ($part eq 'old' || $part eq 'new')       { $m{edits}[-1]{$part} .= $line; }
		elsif ($line =~ /^(file|rule) (\S+)$/)         { $m{$1} = $2; }
		elsif ($line =~ /^# / && $part eq '')          { next; }
		else                                           { die "$name: what is \"$line\"?\n"; }
	}
	die "$name: not whole\n" if $part ne 'end' || !$m{file} || !$m{rule};
	return \%m;
}

# The file with all edits, or why not.
sub edited {
	my ($m) = @_;
	my $text = slurp($m->{file});
	for my $edit (@{ $m->{edits} }) {
		my $count = () = $text =~ /\Q$edit->{old}\E/g;
		return (undef, "stale: $count places in $m->{file}") if $count != 1;
		$text =~ s/\Q$edit->{old}\E/$edit->{new}/;
	}
	return ($text, '');
}

# Compiles and links; why not, or nothing.
sub build {
	my ($m, $dir) = @_;
	my ($text, $why) = edited($m);
	return $why if !defined $text;
	make_path($dir);
	my $source = "$dir/" . basename($m->{file});
	(my $object = $source) =~ s/c$/o/;
	open(my $out, '>', $source) or die "$source: $!\n";
	print $out $text;
	close $out;
	(my $do = $link) =~ s/OBJECT/$object/;
	$do =~ s/PROGRAM/$dir\/run/;
	return 'does not compile' if system("$compile $source -o $object >$dir/log 2>&1") != 0;
	return 'does not link'    if system("$do >>$dir/log 2>&1") != 0;
	return '';
}

# What came of a mutant, as a line of the table and whether it was caught; the line goes to a file,
# since each mutant has a process of its own.
sub try_one {
	my ($m) = @_;
	my $dir   = "$folder/$m->{name}";
	my $start = time;
	my $why   = build($m, $dir);
	my ($seed, $rule, $found) = ('-', '-', $why);
	if (!$why) {
		my $said = `timeout $patience $dir/run --quiet --jobs 1 --seeds $seeds 2>&1`;
		if ($said =~ /^SEED (\d+): rule (\d+): (.*)$/m) {
			($seed, $rule, $found) = ($1 + 1, $2, $3);
		} else {
			$found = $said =~ /worker died/ || $? >> 8 > 1 ? 'ends the simulator' : 'nothing';
		}
	}
	make_path($dir);
	open(my $out, '>', "$dir/result") or die "$dir/result: $!\n";
	printf $out "%s\t%s\t%s\t%s\t%.1f\t%s\n", $m->{name}, $m->{rule}, $seed, $rule, time - $start,
		$found;
	close $out;
}

sub run_all {
	my @mutants = @_;
	my $running = 0;
	for my $m (@mutants) {
		if ($running == $jobs) { wait; $running--; }
		my $pid = fork;
		die "fork: $!\n" if !defined $pid;
		if ($pid == 0) { try_one($m); exit 0; }
		$running++;
	}
	while (wait != -1) { }
}

for ($seeds, $jobs) {
	die "run.pl: SEEDS and SIM_JOBS are numbers, 1 or more, not \"$_\"\n" if !/^[1-9]\d*$/;
}
my @all = map { basename($_, '.mutant') } sort glob("$here/*.mutant");
for my $name (@names) {
	die "run.pl: there is no broken build \"$name\"; there are: @all\n" if !grep { $_ eq $name } @all;
}
my $whole = !@names;
@names = @all if $whole;
my @mutants = map { read_mutant($_) } @names;
unlink "$folder/$_/result" for @names;
run_all(@mutants);

my ($passed, $failed, %broken) = (0, 0);
printf "%-28s %4s %6s %6s %5s  %s\n", 'broken build', 'rule', 'seeds', 'found', 's', 'by';
for my $name (@names) {
	chomp(my $line = slurp("$folder/$name/result"));
	my (undef, $rule, $seed, $found, $s, $by) = split /\t/, $line;
	my $caught = $found ne '-' && $found != 0;
	$broken{$found} = 1 if $caught;
	$caught ? $passed++ : $failed++;
	printf "%-28s %4s %6s %6s %5s  %s%s\n", $name, $rule, $seed, $found, $s, $caught ? '' : 'NOT CAUGHT: ',
		$by;
}
if ($whole) {
	my @rules = slurp("$here/../README.md") =~ /^(\d+)\. /mg;
	for my $rule (grep { !$broken{$_} } @rules) {
		print "no broken build breaks rule $rule\n";
		$failed++;
	}
}
print "$passed passed, $failed failed, 0 skipped\n";
exit($failed != 0);
