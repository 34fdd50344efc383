#!/usr/bin/perl
# Branch coverage of lib/: report.pl FOLDER LIST. FOLDER is a build with --coverage whose programs
# have run; LIST has the reasons of branches that no test takes (its head tells the form).
# Prints a row for each file, the total, and each branch that is neither taken nor in the list;
# writes FOLDER/../coverage.json. Fails under $least percent, where a branch has no reason, and where
# an entry of the list says too much.
use strict;
use warnings;
use JSON::PP;

my ($folder, $list) = @ARGV;
my $least = 95;

# Branches by "file:line" and place in the line: how often each was taken, over all objects that
# have it (a header's functions are in many).
sub measure {
	my (%taken, %function, %in_file);
	my @notes = map { s/\.c$/.gcno/r } map { "$folder/$_" } glob 'lib/*/*.c lib/*/*/*.c';
	open(my $in, '-|', "gcov -b -c -j -t @notes 2>$folder/gcov.log") or die "gcov: $!\n";
	while (my $told = <$in>) {
		for my $file (@{ decode_json($told)->{files} }) {
			my $name = $file->{file};
			next if $name !~ m{^lib/};
			$in_file{$name} = 1;
			for my $line (@{ $file->{lines} }) {
				my $at = "$name:$line->{line_number}";
				my $n  = 0;
				next if !@{ $line->{branches} };
				$taken{$at}[ $n++ ] += $_->{count} for @{ $line->{branches} };
				$function{$at} = $line->{function_name};
			}
		}
	}
	close $in or die "gcov failed\n";
	die "no branches in $folder\n" if !%taken;
	return (\%taken, \%function, \%in_file);
}

sub source_lines {
	my ($path) = @_;
	open(my $in, '<', $path) or die "$path: $!\n";
	my @lines = map { s/^\s+|\s+$//gr } <$in>;
	return @lines;
}

# The list's entries by "file function text": how many branches, and where the entry stands.
sub read_list {
	my (%entries, $open, $line, @wrong);
	my $close = sub {
		return if !$open;
		push @wrong, "$open->{at}: no reason" if !$open->{why};
		my $key = "$open->{place} $open->{text}";
		push @wrong, "$open->{at}: the same again" if $entries{$key};
		$entries{$key} = $open;
	};
	open(my $in, '<', $list) or die "$list: $!\n";
	while (<$in>) {
		chomp;
		next if /^#/ || /^\s*$/;
		if (m{^(lib/\S+ \w+) (0\.\.)?(\d+)$}) {
			$close->();
			$open = { place => $1, maybe => $2, n => $3, at => "$list:$.", text => '', why => '' };
		} elsif ($open && /^\t(\S.*)$/ && !$open->{text}) {
			$open->{text} = $1;
		} elsif ($open && $open->{text} && /^\t(\S.*)$/) {
			$open->{why} .= ($open->{why} ? ' ' : '') . $1;
		} else {
			die "$list:$.: what is this?\n";
		}
	}
	$close->();
	return (\%entries, @wrong);
}

my ($taken, $function, $in_file) = measure();
my ($reasons, @wrong) = read_list();
my (%sum, %missed, %by_key, %text);

for my $name (keys %$in_file) {
	my @lines = source_lines($name);
	$sum{$name} = [ 0, 0 ];
	for my $at (grep { index($_, "$name:") == 0 } keys %$taken) {
		my @counts = @{ $taken->{$at} };
		my $hit    = grep { $_ } @counts;
		my ($line) = $at =~ /(\d+)$/;
		$sum{$name}[0] += @counts;
		$sum{$name}[1] += $hit;
		next if $hit == @counts;
		$text{$at}   = $lines[ $line - 1 ];
		$missed{$at} = @counts - $hit;
		my $key = "$name $function->{$at} $text{$at}";
		push @{ $by_key{$key} }, $at;
	}
}

# What the list explains, and what it says too much.
my %explained;
for my $key (keys %by_key) {
	my $n = 0;
	$n += $missed{$_} for @{ $by_key{$key} };
	my $entry = delete $reasons->{$key} or next;
	push @wrong, "$entry->{at}: says $entry->{n} branches, $n are not taken" if $entry->{maybe} ? $n > $entry->{n} : $n != $entry->{n};
	$explained{$_} = $entry->{why} for $n <= $entry->{n} ? @{ $by_key{$key} } : ();
}
push @wrong, map { "$_->{at}: stale, all branches are taken or the line is gone: $_->{text}" } grep { !$_->{maybe} } values %$reasons;

sub percent {
	my ($all, $hit) = @_;
	return $all ? 100 * $hit / $all : 100;
}

my @total = (0, 0);
printf "%-44s %8s %8s %8s\n", 'branches of', 'all', 'taken', '%';
for my $name (sort keys %sum) {
	printf "%-44s %8d %8d %8.1f\n", $name, @{ $sum{$name} }, percent(@{ $sum{$name} });
	$total[$_] += $sum{$name}[$_] for 0, 1;
}
my $all = percent(@total);
printf "%-44s %8d %8d %8.1f\n\n", 'total', @total, $all;

sub by_place {
	my ($x, $m) = $a =~ /(.*):(\d+)/;
	my ($y, $n) = $b =~ /(.*):(\d+)/;
	return $x cmp $y || $m <=> $n;
}

my @open = grep { !$explained{$_} } sort by_place keys %missed;
my $open = 0;
for (@open) {
	print "$_: $missed{$_} of ", scalar @{ $taken->{$_} }, " not taken in $function->{$_} ($text{$_})\n";
	$open += $missed{$_};
}
my $not_taken = $total[0] - $total[1];
print "$not_taken branches are not taken, ", $not_taken - $open, " of them for a reason in $list\n";

push @wrong, "$open branches are not taken and have no reason" if $open;
push @wrong, sprintf('%.1f %% of branches are taken, %d %% is asked', $all, $least) if $all < $least;

my $json = JSON::PP->new->canonical->pretty->indent_length(1);
open(my $out, '>', "$folder/../coverage.json") or die "$folder/../coverage.json: $!\n";
print $out $json->encode({
	total => { branches => $total[0], taken => $total[1], percent => 0 + sprintf('%.2f', $all) },
	files => { map { $_ => { branches => $sum{$_}[0], taken => $sum{$_}[1] } } keys %sum },
	'not taken' => [
		map {
			my ($file, $line) = /(.*):(\d+)/;
			{ file => $file, line => 0 + $line, function => $function->{$_}, text => $text{$_},
			  branches => $missed{$_}, why => $explained{$_} // '' }
		} sort by_place keys %missed
	],
});
close $out;
print "FAILED: $_\n" for sort @wrong;
exit(@wrong ? 1 : 0);
