# Mutants of C source in the house's format: sites($path, $text) gives each small change that can be
# made, in the order of the text. What stands in comments, strings, sizeof and lines of the
# preprocessor is never changed; in headers only what stands in functions is.
# A binary operator is one with a space on both sides: clang-format sees to it.
package Mutants;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(sites);

my %binary = (
	'<' => [ '<=', '>=' ], '<=' => [ '<', '>' ], '>' => [ '>=', '<=' ], '>=' => [ '>', '<' ],
	'==' => ['!='], '!=' => ['=='], '&&' => ['||'], '||' => ['&&'],
	'+' => ['-'], '-' => ['+'], '*' => ['+'], '/' => ['*'], '%' => ['/'],
	'+=' => ['-='], '-=' => ['+='], '|=' => ['&='], '&=' => ['|='],
	'&' => ['|'], '|' => ['&'], '^' => ['|'], '<<' => ['>>'], '>>' => ['<<'],
);
my $binary = join '|', map { quotemeta } sort { length $b <=> length $a } keys %binary;
my %word = (
	true => ['false'], false => ['true'], break => ['continue'], continue => ['break'],
	'++' => ['--'], '--' => ['++'], ADIT_OK => ['ADIT_ERR_MALFORMED'],
);
# What no removable statement begins with.
my $not_removed = join '|', qw(return if else for while do switch case default break continue goto
	struct enum union const static unsigned signed int char bool void size_t u?int\d+_t typedef);

sub blank {
	my ($s) = @_;
	return $s =~ s/[^\n]/ /gr;
}

# The text with all that isn't changed as blanks, each character in its place.
sub mask {
	my ($s) = @_;
	$s =~ s{(/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')}{blank($1)}egs;
	$s =~ s{^([ \t]*\#(?:[^\n]*\\\n)*[^\n]*)}{blank($1)}egm;
	$s =~ s{^(ADIT_CHECK[^;]*;)}{blank($1)}egm;
	$s =~ s{\b(sizeof \w+ / sizeof \w+\[0\])}{blank($1)}eg;
	$s =~ s{\b(sizeof\s*(?:\((?:[^()]|\([^()]*\))*\)|\*?[\w.>-]+(?:\[[^\]]*\])?))}{blank($1)}eg;
	return $s;
}

# For each line the function that it is in, '-' outside of one.
sub functions {
	my ($masked) = @_;
	my ($name, $in, @of) = ('-', 0);
	for (split /\n/, $masked) {
		$name = $1 if /^(?:static inline |static )?\w*\b(\w+)\(/;
		$in   = 1 if /^\{/;
		push @of, $in ? $name : '-';
		$in = 0 if /^\}/;
	}
	return \@of;
}

# Where the parenthesis that is open at $at is closed.
sub closing {
	my ($s, $at) = @_;
	my $depth = 0;
	pos($s) = $at;
	while ($s =~ /([()])/g) {
		$depth += $1 eq '(' ? 1 : -1;
		return pos($s) - 1 if $depth == 0;
	}
	return -1;
}

# Statements that are an assignment or a call, from their first to their last character.
sub statements {
	my ($s) = @_;
	my @found;
	while ($s =~ /(?<=[;{}):\n])(?:[ \t]*\n)*(\t+(?: {4})?)(?=[\w(*+-])/g) {
		my $from = pos $s;
		my $end  = index $s, ';', $from;
		next if $end < 0;
		my $body = substr $s, $from, $end - $from;
		next if $body =~ /[{}]/ || $body =~ /^(?:$not_removed)\b/ || $body =~ /^\w+ \**\w/;
		next if ($body =~ tr/(//) != ($body =~ tr/)//);
		next if substr($s, 0, $from) !~ /(?:[;{}:]|\)|\belse|^)\s*\z/;
		next if $body !~ /[=(]|\+\+|--/ || $body =~ /^(?:&&|\|\||[?:])/;
		push @found, [ $from, $end ];
	}
	return @found;
}

# Each change as [offset, length, instead].
sub changes {
	my ($m, $text) = @_;
	my @c;
	while ($m =~ /(?<=\s)($binary)(?=\s)(?!(?<=\*)\n)/g) {
		push @c, [ $-[1], length $1, $_ ] for @{ $binary{$1} };
	}
	while ($m =~ /(\+\+|--|\b(?:true|false|break|continue|ADIT_OK)\b)/g) {
		push @c, [ $-[1], length $1, $_ ] for @{ $word{$1} };
	}
	while ($m =~ /\b(ADIT_ERR_\w+)\b/g) {
		my $other = $1 eq 'ADIT_ERR_MALFORMED' ? 'ADIT_ERR_SHORT' : 'ADIT_ERR_MALFORMED';
		push @c, [ $-[1], length $1, $_ ] for 'ADIT_OK', $other;
	}
	while ($m =~ /(?<![\w.])(0x[0-9a-fA-F]{1,15}|\d{1,15})(?=[uUlL]*\b)/g) {
		my ($at, $digits) = ($-[1], $1);
		my $n = $digits =~ /^0./ ? oct $digits : $digits;
		push @c, [ $at, length $digits, $n + 1 ];
		push @c, [ $at, length $digits, $n - 1 ] if $n;
	}
	while ($m =~ /\b(?:if|while) (?=\()/g) {
		my $from = pos $m;
		my $n    = closing($m, $from) - $from + 1;
		my $cond = substr $m, $from, $n;
		# Of these the other changes make the same.
		next if $cond !~ /&&|\|\|/ && $cond =~ /^\(!| (?:[<>!=]=|[<>]) /;
		push @c, [ $from, $n, '(!' . substr($text, $from, $n) . ')' ];
	}
	push @c, [ $-[0], 1, '' ] while $m =~ /!(?=[\w(])/g;
	push @c, [ $-[1], length $1, '0' ] while $m =~ /\breturn ((?!true|false|ADIT_|0;)[^;]+);/g;
	push @c, [ $_->[0], $_->[1] - $_->[0], '' ] for statements($m);
	return @c;
}

# {file, function, line, before, after, at, length, instead}; before and after are the first line
# that the change touches.
sub sites {
	my ($path, $text) = @_;
	my $m  = mask($text);
	my $of = functions($m);
	my @sites;
	for my $c (sort { $a->[0] <=> $b->[0] || $a->[2] cmp $b->[2] } changes($m, $text)) {
		my ($at, $length, $instead) = @$c;
		my $line = substr($text, 0, $at) =~ tr/\n//;
		next if $path =~ /\.h$/ && $of->[$line] eq '-';
		my $old = substr $text, $at, $length;
		$instead .= "\n" x (($old =~ tr/\n//) - ($instead =~ tr/\n//));
		my $start  = rindex($text, "\n", $at - 1) + 1;
		my $before = substr($text, $start) =~ s/\n.*//sr;
		my $new    = substr($text, $start, $at - $start) . $instead . substr $text, $at + $length;
		my $after  = $new =~ s/\n.*//sr;
		s/^\s+|\s+$//g for $before, $after;
		push @sites, { file => $path, function => $of->[$line], line => $line + 1,
			before => $before, after => $after, at => $at, length => $length, instead => $instead };
	}
	return @sites;
}

1;
