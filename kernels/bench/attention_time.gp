# assets/attention_time.png from a run of the benchmark (gnuplot):
#   bench_attention --benchmark_filter='/fwd/f32/B2_H4' --benchmark_out=curve.csv --benchmark_out_format=csv
#   gnuplot -e "csv='curve.csv'" kernels/bench/attention_time.gp
set terminal pngcairo size 900,560 font 'sans,12'
set output 'assets/attention_time.png'
set datafile separator ','
set logscale xy 2
set key left top
set xlabel 'tokens N'
set ylabel 'milliseconds (2 x 4 heads of size 64, float32, forward, 2 threads)'
set format y '%g'
set xtics (64, 128, 256, 512, 1024, 2048, 4096)
set grid
# Rows "<kernel>/fwd/f32/B2_H4_N<N>_D64/real_time_median",iterations,real_time,...
rows(kernel) = sprintf("<sed -n 's/^\"%s.fwd.f32.B2_H4_N\\([0-9]*\\)_D64.real_time_median\",[^,]*,\\([^,]*\\),.*/\\1,\\2/p' %s | sort -n", kernel, csv)
plot rows('cog_unfused') with linespoints lw 2 pt 7 title 'Cog Attention, unfused (published form)', \
     rows('sdpa') with linespoints lw 2 pt 5 title 'softmax, scaled\_dot\_product\_attention', \
     rows('cog_fused') with linespoints lw 2 pt 9 title 'Cog Attention, fused (U-ViC)'
